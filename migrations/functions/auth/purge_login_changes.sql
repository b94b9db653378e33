SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.purge_login_changes(p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM auth.login_changes AS c WHERE c.change_id IN (
            SELECT o.change_id FROM auth.login_changes AS o WHERE o.expires_at < now() LIMIT p_limit
        ) RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION auth.purge_login_changes IS
    'Forgets ways in that were changed too long ago to be taken back, some at a time.';
GRANT EXECUTE ON FUNCTION auth.purge_login_changes TO ct_settler;
