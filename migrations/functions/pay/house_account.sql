SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.house_account(p_kind ledger.account_kind) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = p_kind AND a.currency = 'XTR';
END;

COMMENT ON FUNCTION pay.house_account IS 'The one account of that kind.';
