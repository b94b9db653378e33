SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_chain(p_state text, p_limit int) RETURNS TABLE (receipt pay.chain_receipts, sender_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r, w.user_id FROM pay.chain_receipts AS r
    LEFT JOIN pay.wallets AS w ON w.network = r.network AND w.address = r.source AND w.unlinked_at IS NULL
    WHERE p_state IS NULL OR r.state = p_state
    ORDER BY r.receipt_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_chain IS
    'For operators: the latest receipts, of a state if one is named, and whose linked wallet the sender is.';
GRANT EXECUTE ON FUNCTION pay.list_chain TO ct_settler;
