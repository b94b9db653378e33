SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.unlink(p_user_id bigint, p_way text, OUT o_status text, OUT o_epoch int)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_telegram_id bigint;
    v_email text;
BEGIN
    SELECT a.telegram_id INTO v_telegram_id FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    SELECT l.email INTO v_email FROM auth.email_logins AS l WHERE l.user_id = p_user_id FOR UPDATE;
    IF v_telegram_id IS NULL OR v_email IS NULL THEN
        o_status := 'conflict';  -- it would be the last way in, or there is nothing to unlink
        RETURN;
    END IF;
    IF p_way = 'telegram' THEN
        -- The shown name stays: it is the player's face in old games.
        UPDATE public.users AS u
        SET telegram_id = NULL, username = NULL, photo_url = NULL, phone_number = NULL, updated_at = now()
        WHERE u.user_id = p_user_id;
        UPDATE auth.users AS a SET telegram_id = NULL, username = NULL, photo_url = NULL, phone_number = NULL
        WHERE a.user_id = p_user_id;
    ELSE
        DELETE FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
        DELETE FROM auth.mail_tokens AS t WHERE t.email = v_email OR t.user_id = p_user_id;
    END IF;
    INSERT INTO auth.outbox (user_id, template, address, language, expires_at)
    VALUES (p_user_id, 'unlinked', v_email, 'en', now() + interval '2 days');
    UPDATE auth.users AS a SET session_epoch = a.session_epoch + 1
    WHERE a.user_id = p_user_id RETURNING a.session_epoch INTO o_epoch;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.unlink IS
    'Takes one of two ways in away, telegram or email, never the last one; ends every session.';
GRANT EXECUTE ON FUNCTION auth.unlink TO ct_login;
