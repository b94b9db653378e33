DROP TABLE pay.chain_reader, pay.chain_readings, pay.chain_outgoing, pay.chain_wallets, pay.chain_receipts,
    pay.chain_cursors CASCADE;
