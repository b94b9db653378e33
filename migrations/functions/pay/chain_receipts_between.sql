SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.chain_receipts_between(p_network text, p_account text, p_from_lt bigint, p_to_lt bigint)
    RETURNS TABLE (lt bigint, hash text, nanoton bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.lt, r.hash, r.nanoton FROM pay.chain_receipts AS r
    WHERE r.network = p_network AND r.account = p_account AND r.lt BETWEEN p_from_lt AND p_to_lt
    ORDER BY r.lt, r.hash;
END;

COMMENT ON FUNCTION pay.chain_receipts_between IS
    'What is recorded of an address between two logical times, to be held against the chain.';
GRANT EXECUTE ON FUNCTION pay.chain_receipts_between TO ct_settler;
