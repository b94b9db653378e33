SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.set_password(p_user_id bigint, p_password_hash text) RETURNS int
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_email text;
    v_epoch int;
BEGIN
    UPDATE auth.email_logins AS l SET password_hash = p_password_hash, changed_at = now()
    WHERE l.user_id = p_user_id RETURNING l.email INTO STRICT v_email;
    UPDATE auth.users AS a SET session_epoch = a.session_epoch + 1
    WHERE a.user_id = p_user_id RETURNING a.session_epoch INTO v_epoch;
    DELETE FROM auth.mail_tokens AS t WHERE t.email = v_email OR t.user_id = p_user_id;
    INSERT INTO auth.outbox (user_id, template, address, language, expires_at)
    VALUES (p_user_id, 'changed', v_email, 'en', now() + interval '2 days');
    RETURN v_epoch;
END
$function$;

COMMENT ON FUNCTION auth.set_password IS
    'Sets a password, ends every session, voids what was mailed before and tells the owner; the new epoch of sessions.';
