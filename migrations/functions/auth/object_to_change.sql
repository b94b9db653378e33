SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.object_to_change(
    p_change_id bigint, p_telegram_id bigint, p_token_hash bytea, OUT o_status text, OUT o_user_id bigint, OUT o_epoch int
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_change auth.login_changes;
    v_other_id bigint;
BEGIN
    SELECT c.* INTO v_change FROM auth.login_changes AS c
    WHERE (c.token_hash = p_token_hash OR (c.change_id = p_change_id AND c.telegram_id = p_telegram_id))
        AND c.expires_at > now();
    o_status := 'not_found';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM auth.hold_persons(
        v_change.user_id, CASE WHEN v_change.email IS NULL THEN 'telegram' ELSE 'email' END,
        coalesce(v_change.email, v_change.telegram_id::text)
    );
    PERFORM FROM auth.users AS a WHERE a.user_id = v_change.user_id FOR UPDATE;
    BEGIN
        -- Once: who comes second finds nothing.
        DELETE FROM auth.login_changes AS c WHERE c.change_id = v_change.change_id;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        IF v_change.action = 'unlink' THEN
            -- The way that went may have been used meanwhile: an account that did nothing yet gives way.
            SELECT coalesce(l.user_id, a.user_id) INTO v_other_id
            FROM (SELECT) AS always
            LEFT JOIN auth.email_logins AS l ON l.email = v_change.email
            LEFT JOIN auth.users AS a ON a.telegram_id = v_change.telegram_id;
            IF v_other_id <> v_change.user_id THEN
                PERFORM auth.drop_account(v_other_id);
            END IF;
        ELSIF v_change.way = 'telegram' AND NOT EXISTS (
            SELECT FROM auth.email_logins AS l WHERE l.user_id = v_change.user_id AND l.email = v_change.email
        ) OR v_change.way = 'email' AND NOT EXISTS (
            SELECT FROM auth.users AS a WHERE a.user_id = v_change.user_id AND a.telegram_id = v_change.telegram_id
        ) THEN
            RAISE foreign_key_violation;  -- it would be left without a way in
        END IF;
        -- Whatever is there of that way now goes: it came with the change, or after it.
        IF v_change.way = 'telegram' THEN
            PERFORM auth.set_telegram(
                v_change.user_id, CASE v_change.action WHEN 'unlink' THEN v_change.telegram_id END, v_change.since
            );
        ELSE
            DELETE FROM auth.email_logins AS l WHERE l.user_id = v_change.user_id;
            INSERT INTO auth.email_logins (user_id, email, password_hash, since)
            SELECT v_change.user_id, v_change.email, v_change.password_hash, v_change.since
            WHERE v_change.action = 'unlink';
        END IF;
        DELETE FROM auth.mail_tokens AS t WHERE t.user_id = v_change.user_id OR t.email = v_change.email;
        UPDATE auth.users AS a SET session_epoch = a.session_epoch + 1
        WHERE a.user_id = v_change.user_id RETURNING a.session_epoch INTO o_epoch;
        o_user_id := v_change.user_id;
        o_status := 'ok';
    EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
        o_status := 'conflict';
    END;
END
$function$;

COMMENT ON FUNCTION auth.object_to_change IS
    'Whoever has the way in that was there before a change takes it back, by the token of the mail or in the chat, and every session ends. not_found: there is none, or no longer; conflict: an account that was used stands in the way.';
GRANT EXECUTE ON FUNCTION auth.object_to_change TO ct_login;
