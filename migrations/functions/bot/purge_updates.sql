SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.purge_updates(p_older_than_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old AS (
        SELECT u.update_id FROM bot.updates AS u
        WHERE u.handled_at < now() - make_interval(secs => p_older_than_s) LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM bot.updates AS u USING old WHERE u.update_id = old.update_id RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION bot.purge_updates IS 'Forgets updates that Telegram no longer redelivers, some at a time.';
GRANT EXECUTE ON FUNCTION bot.purge_updates TO ct_settler;
