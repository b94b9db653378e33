-- depends: auth.claim
SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.my_login() RETURNS TABLE (email text, password_hash text, telegram_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.email, l.password_hash, a.telegram_id
    FROM auth.users AS a LEFT JOIN auth.email_logins AS l USING (user_id)
    WHERE a.user_id = auth.claim();
END;

COMMENT ON FUNCTION auth.my_login IS 'The ways in of the claim''s user.';
GRANT EXECUTE ON FUNCTION auth.my_login TO ct_player;
