SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_set_aside(p_source text, p_limit int) RETURNS SETOF pay.set_aside
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.* FROM pay.set_aside AS s
    WHERE s.closed_at IS NULL AND (p_source IS NULL OR s.source = p_source)
    ORDER BY s.item_id LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_set_aside IS 'What was set aside and is not read yet, oldest first: of one list, or of all.';
GRANT EXECUTE ON FUNCTION pay.list_set_aside TO ct_settler;
