SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.rehash(p_user_id bigint, p_old_hash text, p_new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE auth.email_logins AS l SET password_hash = p_new_hash
    WHERE l.user_id = p_user_id AND l.password_hash = p_old_hash;
END;

COMMENT ON FUNCTION auth.rehash IS 'The same password under newer parameters.';
GRANT EXECUTE ON FUNCTION auth.rehash TO ct_login;
