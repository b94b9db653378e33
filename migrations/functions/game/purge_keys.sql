SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.purge_keys(p_older_than_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old AS (
        SELECT i.user_id, i.endpoint, i.key FROM game.idempotency AS i
        WHERE i.created_at < now() - make_interval(secs => p_older_than_s)
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM game.idempotency AS i USING old
        WHERE i.user_id = old.user_id AND i.endpoint = old.endpoint AND i.key = old.key
        RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION game.purge_keys IS 'Forgets keys older than that, some at a time.';
GRANT EXECUTE ON FUNCTION game.purge_keys TO ct_settler;
