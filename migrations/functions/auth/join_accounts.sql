SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.join_accounts(
    p_user_id bigint, p_other_id bigint, p_nonce bytea, p_token_hash bytea, OUT o_status text, OUT o_user_id bigint
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_face public.users;
    v_login auth.email_logins;
    v_person_id bigint;
    v_other_person_id bigint;
    v_telegram_since timestamptz;
    v_had_telegram boolean;
BEGIN
    PERFORM FROM auth.users AS a WHERE a.user_id IN (p_user_id, p_other_id) ORDER BY a.user_id FOR UPDATE;
    IF (SELECT count(*) FROM auth.users AS a WHERE a.user_id IN (p_user_id, p_other_id)) <> 2 THEN
        o_status := 'conflict';
        RETURN;
    END IF;
    SELECT a.person_id INTO v_person_id FROM auth.users AS a WHERE a.user_id = p_user_id;
    SELECT a.person_id INTO v_other_person_id FROM auth.users AS a WHERE a.user_id = p_other_id;
    IF EXISTS (
        SELECT FROM auth.persons AS p
        WHERE p.person_id IN (v_person_id, v_other_person_id) AND p.banned_at IS NOT NULL
    ) THEN
        o_status := 'banned';
        RETURN;
    END IF;
    IF (SELECT count(a.telegram_id) FROM auth.users AS a WHERE a.user_id IN (p_user_id, p_other_id)) <> 1
        OR (SELECT count(*) FROM auth.email_logins AS l WHERE l.user_id IN (p_user_id, p_other_id)) <> 1 THEN
        o_status := 'conflict';
        RETURN;
    END IF;
    SELECT u.* INTO v_face FROM public.users AS u
    WHERE u.user_id IN (p_user_id, p_other_id) AND u.telegram_id IS NOT NULL;
    SELECT l.* INTO v_login FROM auth.email_logins AS l WHERE l.user_id IN (p_user_id, p_other_id);
    -- The account without a history gives way; that of the caller, if both have none, stays.
    BEGIN
        PERFORM auth.drop_account(p_other_id);
        o_user_id := p_user_id;
    EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
        BEGIN
            PERFORM auth.drop_account(p_user_id);
            o_user_id := p_other_id;
        EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
            o_status := 'conflict';
            RETURN;
        END;
    END;
    v_had_telegram := o_user_id = v_face.user_id;
    UPDATE public.users AS u
    SET telegram_id = v_face.telegram_id, username = v_face.username, first_name = v_face.first_name,
        last_name = v_face.last_name, photo_url = v_face.photo_url, language_code = v_face.language_code,
        updated_at = now()
    WHERE u.user_id = o_user_id;
    UPDATE auth.users AS a
    SET telegram_id = v_face.telegram_id, username = v_face.username, first_name = v_face.first_name,
        last_name = v_face.last_name, photo_url = v_face.photo_url, language_code = v_face.language_code,
        telegram_since = CASE WHEN v_had_telegram THEN a.telegram_since ELSE now() END,
        session_epoch = a.session_epoch + 1
    WHERE a.user_id = o_user_id RETURNING a.telegram_since INTO v_telegram_since;
    INSERT INTO auth.email_logins (user_id, email, password_hash, changed_at, created_at)
    VALUES (o_user_id, v_login.email, v_login.password_hash, v_login.changed_at, v_login.created_at)
    ON CONFLICT DO NOTHING;
    PERFORM auth.join_persons(v_person_id, v_other_person_id);
    -- To the account that stays the other way in is new; told is the one that it had.
    IF v_had_telegram THEN
        PERFORM auth.note_login_change(
            o_user_id, 'link', 'email', v_face.telegram_id, NULL, NULL, v_telegram_since, NULL, NULL
        );
    ELSE
        PERFORM auth.note_login_change(
            o_user_id, 'link', 'telegram', NULL, v_login.email, NULL, v_login.since, p_nonce, p_token_hash
        );
    END IF;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.join_accounts IS
    'Makes one user of an account by Telegram and one by e-mail, if one of them never did anything: whatever refers to a user is a history. Money and history stay where they are; their persons become one. Behind auth.hold_persons.';
