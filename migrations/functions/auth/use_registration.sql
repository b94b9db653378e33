SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.use_registration(
    p_token_hash bytea, p_is_demo boolean, p_demo_stars bigint, OUT o_status text, OUT o_user_id bigint, OUT o_epoch int
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_token auth.mail_tokens;
    v_banned boolean;
    v_person_id bigint;
    v_other_id bigint;
    v_is_new boolean := false;
    v_account auth.users;
BEGIN
    -- Two tokens of one address at once: the second waits, before it holds anything, and finds what the first made.
    PERFORM pg_advisory_xact_lock(hashtextextended(t.email, 0))
    FROM auth.mail_tokens AS t WHERE t.token_hash = p_token_hash;
    DELETE FROM auth.mail_tokens AS t
    WHERE t.token_hash = p_token_hash AND t.purpose IN ('register', 'link') AND t.expires_at > now()
    RETURNING t.* INTO v_token;
    IF NOT FOUND THEN
        o_status := 'not_found';
        RETURN;
    END IF;
    IF v_token.purpose = 'link' THEN
        o_user_id := v_token.user_id;
        SELECT p.o_person_id, p.o_other_id INTO v_person_id, v_other_id
        FROM auth.hold_persons(o_user_id, 'email', v_token.email) AS p;
        SELECT a.* INTO v_account FROM auth.users AS a WHERE a.user_id = o_user_id FOR UPDATE;
        v_banned := EXISTS (
            SELECT FROM auth.persons AS p WHERE p.person_id IN (v_person_id, v_other_id) AND p.banned_at IS NOT NULL
        );
    END IF;
    o_status := CASE
        WHEN v_banned THEN 'banned'
        WHEN EXISTS (
            SELECT FROM auth.email_logins AS l WHERE l.email = v_token.email OR l.user_id = o_user_id
        ) THEN 'conflict'
        ELSE 'ok'
    END;
    IF o_status <> 'ok' THEN
        RETURN;
    END IF;
    IF o_user_id IS NULL THEN
        INSERT INTO public.users AS u (first_name, language_code, is_demo)
        VALUES (v_token.name, v_token.language, p_is_demo)
        RETURNING u.user_id INTO o_user_id;
        SELECT p.o_person_id, p.o_is_new INTO v_person_id, v_is_new FROM auth.person_for('email', v_token.email) AS p;
        INSERT INTO auth.users (user_id, first_name, language_code, person_id, banned_at, ban_reason)
        SELECT o_user_id, v_token.name, v_token.language, p.person_id, p.banned_at, p.ban_reason
        FROM auth.persons AS p WHERE p.person_id = v_person_id;
        PERFORM ledger.open_account(o_user_id, CASE WHEN v_is_new THEN p_demo_stars ELSE 0 END);
    ELSE
        PERFORM auth.note_identity(v_person_id, 'email', v_token.email);
        PERFORM auth.note_login_change(
            o_user_id, 'link', 'email', v_account.telegram_id, NULL, NULL, v_account.telegram_since, NULL, NULL
        );
        UPDATE auth.users AS a SET session_epoch = a.session_epoch + 1
        WHERE a.user_id = o_user_id RETURNING a.session_epoch INTO o_epoch;
    END IF;
    INSERT INTO auth.email_logins (user_id, email, password_hash)
    VALUES (o_user_id, v_token.email, v_token.password_hash);
    DELETE FROM auth.mail_tokens AS t WHERE t.email = v_token.email;
END
$function$;

COMMENT ON FUNCTION auth.use_registration IS
    'Confirms an address: makes the account, or adds the log-in to the account that asked for it, tells of that and ends its sessions before o_epoch. Once.';
GRANT EXECUTE ON FUNCTION auth.use_registration TO ct_login;
