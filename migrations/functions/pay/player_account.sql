SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.player_account(p_user_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = p_user_id;
END;

COMMENT ON FUNCTION pay.player_account IS 'A player''s account.';
