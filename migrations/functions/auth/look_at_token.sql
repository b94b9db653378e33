SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.look_at_token(p_token_hash bytea) RETURNS TABLE (purpose text, email text, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.purpose, t.email, t.password_hash FROM auth.mail_tokens AS t
    WHERE t.token_hash = p_token_hash AND t.expires_at > now();
END;

COMMENT ON FUNCTION auth.look_at_token IS 'What a token is good for, without using it up.';
GRANT EXECUTE ON FUNCTION auth.look_at_token TO ct_login;
