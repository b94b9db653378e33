DROP TABLE pay.chain_reconciliation_schedule, pay.chain_reconciliations, pay.chain_outgoing, pay.chain_wallets, pay.chain_receipts,
    pay.chain_cursors CASCADE;
