DROP TYPE pay.charge CASCADE;
DROP TABLE pay.star_reader, pay.star_reconciliations, pay.star_transactions, pay.star_assignments, pay.star_receipts
    CASCADE;
DROP TYPE pay.receipt_state CASCADE;
