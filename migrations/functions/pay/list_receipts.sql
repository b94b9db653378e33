SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_receipts(p_open boolean, p_user_id bigint, p_limit int) RETURNS SETOF pay.star_receipts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM pay.star_receipts AS r
    WHERE (NOT p_open OR r.state IN ('review', 'refunding')) AND (p_user_id IS NULL OR r.user_id = p_user_id)
    ORDER BY r.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_receipts IS 'For operators: the latest charges, or those that wait for somebody.';
GRANT EXECUTE ON FUNCTION pay.list_receipts TO ct_operator;
