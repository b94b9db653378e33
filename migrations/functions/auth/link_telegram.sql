SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.link_telegram(
    p_user_id bigint, p_telegram_id bigint, p_nonce bytea, p_token_hash bytea, OUT o_status text, OUT o_user_id bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_telegram_id bigint;
    v_other_id bigint;
    v_person_id bigint;
    v_former_id bigint;
    v_login auth.email_logins;
BEGIN
    SELECT p.o_person_id, p.o_other_id INTO v_person_id, v_former_id
    FROM auth.hold_persons(p_user_id, 'telegram', p_telegram_id::text) AS p;
    SELECT a.telegram_id INTO v_telegram_id FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    o_user_id := p_user_id;
    IF NOT FOUND OR v_telegram_id = p_telegram_id THEN
        o_status := CASE WHEN FOUND THEN 'ok' ELSE 'unauthorized' END;
        RETURN;
    END IF;
    IF v_telegram_id IS NOT NULL THEN
        o_status := 'conflict';
        RETURN;
    END IF;
    SELECT u.user_id INTO v_other_id FROM public.users AS u WHERE u.telegram_id = p_telegram_id;
    IF FOUND THEN
        SELECT j.o_status, j.o_user_id INTO o_status, o_user_id FROM auth.join_accounts(p_user_id, v_other_id, p_nonce, p_token_hash) AS j;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM auth.persons AS p WHERE p.person_id = v_former_id AND p.banned_at IS NOT NULL) THEN
        o_status := 'banned';
        RETURN;
    END IF;
    UPDATE public.users AS u SET telegram_id = p_telegram_id WHERE u.user_id = p_user_id;
    UPDATE auth.users AS a SET telegram_id = p_telegram_id, telegram_since = now(), session_epoch = a.session_epoch + 1
    WHERE a.user_id = p_user_id;
    PERFORM auth.note_identity(v_person_id, 'telegram', p_telegram_id::text);
    SELECT l.* INTO STRICT v_login FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
    PERFORM auth.note_login_change(
        p_user_id, 'link', 'telegram', NULL, v_login.email, NULL, v_login.since, p_nonce, p_token_hash
    );
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.link_telegram IS
    'Adds a Telegram account, whose init data the gateway has checked, to a user who has proved the way in that is there, and tells of it; who the user is then, and its status.';
GRANT EXECUTE ON FUNCTION auth.link_telegram TO ct_login;
