SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.purge_records(p_records_s double precision, p_signals_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old_records AS (
        DELETE FROM game.records AS r WHERE r.room_id IN (
            SELECT o.room_id FROM game.records AS o
            WHERE o.created_at < now() - make_interval(secs => p_records_s) LIMIT p_limit
        ) RETURNING 1
    ), old_signals AS (
        DELETE FROM game.signals AS s WHERE (s.room_id, s.user_id) IN (
            SELECT o.room_id, o.user_id FROM game.signals AS o
            WHERE o.created_at < now() - make_interval(secs => p_signals_s) LIMIT p_limit
        ) RETURNING 1
    )
    SELECT greatest((SELECT count(*) FROM old_records), (SELECT count(*) FROM old_signals));
END;

COMMENT ON FUNCTION game.purge_records IS 'Forgets records and signals older than that, some at a time.';
GRANT EXECUTE ON FUNCTION game.purge_records TO ct_settler;
