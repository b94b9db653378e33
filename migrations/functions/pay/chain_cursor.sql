SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.chain_cursor(p_network text, p_account text) RETURNS SETOF pay.chain_cursors
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.* FROM pay.chain_cursors AS c WHERE c.network = p_network AND c.account = p_account;
END;

COMMENT ON FUNCTION pay.chain_cursor IS 'How far an address was read.';
GRANT EXECUTE ON FUNCTION pay.chain_cursor TO ct_settler;
