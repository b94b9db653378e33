SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.ask_mail(
    p_purpose text, p_email text, p_user_id bigint, p_password_hash text, p_name text, p_language text,
    p_nonce bytea, p_token_hash bytea, p_life_s double precision
) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO auth.mail_tokens (token_hash, user_id, purpose, email, password_hash, name, language, expires_at)
    VALUES (
        p_token_hash, p_user_id, p_purpose, p_email, p_password_hash, p_name, p_language,
        now() + make_interval(secs => p_life_s)
    );
    INSERT INTO auth.outbox (user_id, template, address, language, nonce, token_hash, expires_at)
    VALUES (
        p_user_id, p_purpose, p_email, p_language, p_nonce, p_token_hash, now() + make_interval(secs => p_life_s)
    );
END;

COMMENT ON FUNCTION auth.ask_mail IS
    'A token and the mail that brings it. Looks at no account, so it does the same for every address.';
GRANT EXECUTE ON FUNCTION auth.ask_mail TO ct_login;
