-- Postgres cannot take a value of a type back; the types go with the ledger, which the rollback of 0003 drops.
SELECT 1;
