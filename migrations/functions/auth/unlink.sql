SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.unlink(
    p_user_id bigint, p_way text, p_nonce bytea, p_token_hash bytea, OUT o_status text, OUT o_epoch int, OUT o_until_ms bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_account auth.users;
    v_login auth.email_logins;
    v_stays_since timestamptz;
    v_goes_since timestamptz;
BEGIN
    SELECT a.* INTO v_account FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    SELECT l.* INTO v_login FROM auth.email_logins AS l WHERE l.user_id = p_user_id FOR UPDATE;
    IF v_account.telegram_id IS NULL OR v_login.email IS NULL THEN
        o_status := 'conflict';  -- it would be the last way in, or there is nothing to unlink
        RETURN;
    END IF;
    v_stays_since := CASE p_way WHEN 'telegram' THEN v_login.since ELSE v_account.telegram_since END;
    v_goes_since := CASE p_way WHEN 'telegram' THEN v_account.telegram_since ELSE v_login.since END;
    IF v_stays_since > v_goes_since AND v_stays_since > now() - interval '72 hours' THEN
        o_status := 'limit_reached';
        o_until_ms := (extract(epoch FROM v_stays_since + interval '72 hours') * 1000)::bigint;
        RETURN;
    END IF;
    IF p_way = 'telegram' THEN
        PERFORM auth.set_telegram(p_user_id, NULL, now());
        PERFORM auth.note_login_change(
            p_user_id, 'unlink', p_way, v_account.telegram_id, NULL, NULL, v_account.telegram_since, NULL, NULL
        );
        INSERT INTO auth.outbox (user_id, template, address, language, expires_at)
        VALUES (p_user_id, 'unlinked', v_login.email, 'en', now() + interval '2 days');
    ELSE
        DELETE FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
        PERFORM auth.note_login_change(
            p_user_id, 'unlink', p_way, NULL, v_login.email, v_login.password_hash, v_login.since, p_nonce, p_token_hash
        );
    END IF;
    DELETE FROM auth.mail_tokens AS t WHERE t.email = v_login.email OR t.user_id = p_user_id;
    UPDATE auth.users AS a SET session_epoch = a.session_epoch + 1
    WHERE a.user_id = p_user_id RETURNING a.session_epoch INTO o_epoch;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.unlink IS
    'Takes one of two ways in away, telegram or email, never the last one, and tells of it; ends every session. limit_reached: the way that would stay came in the last 72 hours, and after the other.';
GRANT EXECUTE ON FUNCTION auth.unlink TO ct_login;
