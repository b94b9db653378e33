SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.purge_mail_tokens(p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM auth.mail_tokens AS t WHERE t.token_hash IN (
            SELECT o.token_hash FROM auth.mail_tokens AS o WHERE o.expires_at < now() LIMIT p_limit
        ) RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION auth.purge_mail_tokens IS 'Forgets tokens that have expired, some at a time.';
GRANT EXECUTE ON FUNCTION auth.purge_mail_tokens TO ct_settler;
