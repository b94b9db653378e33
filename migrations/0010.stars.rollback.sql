DROP TYPE pay.charge_result CASCADE;
DROP TABLE pay.star_reconciliation_schedule, pay.star_reconciliations, pay.star_transactions, pay.star_assignments, pay.star_receipts
    CASCADE;
DROP TYPE pay.receipt_state CASCADE;
