SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.close_account(p_user_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM ledger.balances AS b WHERE b.user_id = p_user_id;
    DELETE FROM ledger.accounts AS a WHERE a.user_id = p_user_id;
END;

COMMENT ON FUNCTION ledger.close_account IS
    'Takes away the account of a player for whom nothing was ever booked; fails where there is an entry.';
GRANT EXECUTE ON FUNCTION ledger.close_account TO ct_auth;
