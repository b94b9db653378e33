DROP TABLE ledger.entries, ledger.transfers, ledger.balances, ledger.accounts CASCADE;
DROP FUNCTION ledger.check_zero_sum, ledger.refuse_change;
DROP TYPE ledger.transfer_kind, ledger.account_kind CASCADE;
