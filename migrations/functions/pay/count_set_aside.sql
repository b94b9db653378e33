SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.count_set_aside() RETURNS TABLE (list text, items bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.list, count(s.item_id)
    FROM unnest(ARRAY['stars', 'deposits', 'payouts']) AS l (list)
    LEFT JOIN pay.set_aside AS s ON s.closed_at IS NULL AND split_part(s.source, ':', 1) = l.list
    GROUP BY l.list;
END;

COMMENT ON FUNCTION pay.count_set_aside IS 'How much of each kind of list is set aside and not read yet.';
GRANT EXECUTE ON FUNCTION pay.count_set_aside TO ct_settler;
