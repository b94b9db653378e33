SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.email_login(p_email text) RETURNS TABLE (user_id bigint, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.user_id, l.password_hash FROM auth.email_logins AS l WHERE l.email = p_email;
END;

COMMENT ON FUNCTION auth.email_login IS 'What a password is checked against; no row: nobody logs in with that address.';
GRANT EXECUTE ON FUNCTION auth.email_login TO ct_login;
