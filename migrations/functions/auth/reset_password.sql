SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.reset_password(
    p_token_hash bytea, p_password_hash text, OUT o_status text, OUT o_user_id bigint, OUT o_epoch int
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_email text;
BEGIN
    SELECT t.email INTO v_email FROM auth.mail_tokens AS t WHERE t.token_hash = p_token_hash;
    -- The log-in first, as everybody who changes it does.
    SELECT l.user_id INTO o_user_id FROM auth.email_logins AS l WHERE l.email = v_email FOR UPDATE;
    DELETE FROM auth.mail_tokens AS t
    WHERE t.token_hash = p_token_hash AND t.purpose = 'reset' AND t.expires_at > now();
    IF NOT FOUND OR o_user_id IS NULL THEN
        o_status := 'not_found';
        o_user_id := NULL;
        RETURN;
    END IF;
    o_epoch := auth.set_password(o_user_id, p_password_hash);
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.reset_password IS 'A new password by a mailed token, once.';
GRANT EXECUTE ON FUNCTION auth.reset_password TO ct_login;
