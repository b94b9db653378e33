-- Accounts by e-mail: log-ins, single-use tokens that come by mail, the mails that are to be sent, and what links an
-- e-mail log-in and a Telegram account to one user.  Asking for a mail is the same statement whether an address is known
-- or not; what is sent to whom is decided when the mail goes out.
-- depends: 0024.sessions-and-bans

SET LOCAL ROLE ct_owner;

CREATE TABLE auth.email_logins (
    user_id bigint PRIMARY KEY REFERENCES auth.users,
    email text NOT NULL UNIQUE CHECK (email ~ '^[!-~]{3,254}$' AND email = lower(email)),
    password_hash text NOT NULL CHECK (char_length(password_hash) BETWEEN 32 AND 255),
    changed_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE auth.email_logins IS 'Who may log in by e-mail and password; an address is here only after its owner confirmed it.';
COMMENT ON COLUMN auth.email_logins.user_id IS 'The account.';
COMMENT ON COLUMN auth.email_logins.email IS 'The confirmed address: ASCII, lower case.';
COMMENT ON COLUMN auth.email_logins.password_hash IS 'argon2id with its parameters and salt.';
COMMENT ON COLUMN auth.email_logins.changed_at IS 'When the password was last set.';
COMMENT ON COLUMN auth.email_logins.created_at IS 'When the address was confirmed.';

CREATE TABLE auth.mail_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id bigint REFERENCES auth.users ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('register', 'link', 'reset')),
    email text NOT NULL CHECK (email ~ '^[!-~]{3,254}$' AND email = lower(email)),
    password_hash text CHECK (char_length(password_hash) BETWEEN 32 AND 255),
    name text CHECK (char_length(name) BETWEEN 1 AND 64),
    language text NOT NULL CHECK (language IN ('ru', 'en')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((purpose = 'link') = (user_id IS NOT NULL)),
    CHECK ((purpose = 'reset') = (password_hash IS NULL))
);
CREATE INDEX mail_tokens_of_email ON auth.mail_tokens (email);
CREATE INDEX mail_tokens_of_user ON auth.mail_tokens (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mail_tokens_by_end ON auth.mail_tokens (expires_at);

COMMENT ON TABLE auth.mail_tokens IS 'What a link in a mail is good for, once and until it expires. The token itself is nowhere.';
COMMENT ON COLUMN auth.mail_tokens.token_hash IS 'SHA-256 of the token.';
COMMENT ON COLUMN auth.mail_tokens.user_id IS 'The account to which an address is to be linked; null: nobody''s yet, so no player sees it.';
COMMENT ON COLUMN auth.mail_tokens.purpose IS 'register: makes an account; link: adds the log-in to one; reset: sets a new password.';
COMMENT ON COLUMN auth.mail_tokens.email IS 'The address it was sent to.';
COMMENT ON COLUMN auth.mail_tokens.password_hash IS 'The password that was chosen with it, which must be said again to use it.';
COMMENT ON COLUMN auth.mail_tokens.name IS 'The name that was chosen with it.';
COMMENT ON COLUMN auth.mail_tokens.language IS 'The language it was asked for in.';
COMMENT ON COLUMN auth.mail_tokens.expires_at IS 'Until when it is good.';
COMMENT ON COLUMN auth.mail_tokens.created_at IS 'When it was asked for.';

CREATE TABLE auth.outbox (
    mail_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint REFERENCES auth.users ON DELETE CASCADE,
    template text NOT NULL CHECK (template IN ('register', 'link', 'reset', 'changed', 'unlinked')),
    address text NOT NULL CHECK (address ~ '^[!-~]{3,254}$'),
    language text NOT NULL CHECK (language IN ('ru', 'en')),
    nonce bytea,
    token_hash bytea,
    tries int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((nonce IS NULL) = (token_hash IS NULL))
);
CREATE INDEX outbox_due ON auth.outbox (due_at);
CREATE INDEX outbox_of_user ON auth.outbox (user_id) WHERE user_id IS NOT NULL;

COMMENT ON TABLE auth.outbox IS 'Mails that are to be sent, written in the transaction that they tell of; gone once they were sent.';
COMMENT ON COLUMN auth.outbox.mail_id IS 'Its number; the same in every repeat of the mail.';
COMMENT ON COLUMN auth.outbox.user_id IS 'The account it is about, where there is one.';
COMMENT ON COLUMN auth.outbox.template IS 'What it says.';
COMMENT ON COLUMN auth.outbox.address IS 'To whom.';
COMMENT ON COLUMN auth.outbox.language IS 'The language that was spoken when it was asked for.';
COMMENT ON COLUMN auth.outbox.nonce IS 'What its token is derived from, together with a secret that no database holds.';
COMMENT ON COLUMN auth.outbox.token_hash IS 'SHA-256 of the token, to know the right secret by.';
COMMENT ON COLUMN auth.outbox.tries IS 'How often sending was begun.';
COMMENT ON COLUMN auth.outbox.due_at IS 'When it is to be tried next.';
COMMENT ON COLUMN auth.outbox.expires_at IS 'After that it is of no more use.';
COMMENT ON COLUMN auth.outbox.created_at IS 'When it was asked for.';

DO $policies$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['email_logins', 'mail_tokens', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE auth.%I ENABLE ROW LEVEL SECURITY', v_table);
        EXECUTE format('ALTER TABLE auth.%I FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY own_rows ON auth.%I USING (user_id = (SELECT auth.claim())) WITH CHECK (user_id = (SELECT auth.claim()))',
            v_table
        );
        EXECUTE format('CREATE POLICY login ON auth.%I TO ct_auth USING (true) WITH CHECK (true)', v_table);
        EXECUTE format('COMMENT ON POLICY own_rows ON auth.%I IS %L', v_table, 'The one policy of schema auth: a row belongs to the user it names.');
        EXECUTE format('COMMENT ON POLICY login ON auth.%I IS %L', v_table, 'Functions of login run before there is a claim.');
    END LOOP;
END
$policies$;

GRANT SELECT, INSERT, UPDATE, DELETE ON auth.email_logins, auth.outbox TO ct_auth;
GRANT SELECT, INSERT, DELETE ON auth.mail_tokens TO ct_auth;
GRANT DELETE ON public.users, auth.users TO ct_auth;
GRANT SELECT (user_id, email) ON auth.email_logins TO ct_player;
GRANT DELETE ON ledger.accounts, ledger.balances TO ct_ledger;
GRANT CREATE ON SCHEMA auth TO ct_auth;
GRANT CREATE ON SCHEMA ledger TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION ledger.close_account(p_user_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM ledger.balances AS b WHERE b.user_id = p_user_id;
    DELETE FROM ledger.accounts AS a WHERE a.user_id = p_user_id;
END;

COMMENT ON FUNCTION ledger.close_account(bigint) IS
    'Takes away the account of a player for whom nothing was ever booked; fails where there is an entry.';

GRANT EXECUTE ON FUNCTION ledger.close_account(bigint) TO ct_auth;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION auth.ask_mail(
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

COMMENT ON FUNCTION auth.ask_mail(text, text, bigint, text, text, text, bytea, bytea, double precision) IS
    'A token and the mail that brings it. Looks at no account, so it does the same for every address.';

CREATE FUNCTION auth.email_login(p_email text) RETURNS TABLE (user_id bigint, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.user_id, l.password_hash FROM auth.email_logins AS l WHERE l.email = p_email;
END;

COMMENT ON FUNCTION auth.email_login(text) IS 'What a password is checked against; no row: nobody logs in with that address.';

CREATE FUNCTION auth.rehash(p_user_id bigint, p_old_hash text, p_new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE auth.email_logins AS l SET password_hash = p_new_hash
    WHERE l.user_id = p_user_id AND l.password_hash = p_old_hash;
END;

COMMENT ON FUNCTION auth.rehash(bigint, text, text) IS 'The same password under newer parameters.';

CREATE FUNCTION auth.look_at_token(p_token_hash bytea) RETURNS TABLE (purpose text, email text, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.purpose, t.email, t.password_hash FROM auth.mail_tokens AS t
    WHERE t.token_hash = p_token_hash AND t.expires_at > now();
END;

COMMENT ON FUNCTION auth.look_at_token(bytea) IS 'What a token is good for, without using it up.';

CREATE FUNCTION auth.use_registration(
    p_token_hash bytea, p_is_demo boolean, p_demo_stars bigint, OUT o_status text, OUT o_user_id bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_token auth.mail_tokens;
    v_banned boolean;
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
        SELECT a.banned_at IS NOT NULL INTO v_banned FROM auth.users AS a WHERE a.user_id = o_user_id FOR UPDATE;
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
        INSERT INTO auth.users (user_id, first_name, language_code) VALUES (o_user_id, v_token.name, v_token.language);
        PERFORM ledger.open_account(o_user_id, p_demo_stars);
    END IF;
    INSERT INTO auth.email_logins (user_id, email, password_hash)
    VALUES (o_user_id, v_token.email, v_token.password_hash);
    DELETE FROM auth.mail_tokens AS t WHERE t.email = v_token.email;
END
$function$;

COMMENT ON FUNCTION auth.use_registration(bytea, boolean, bigint) IS
    'Confirms an address: makes the account, or adds the log-in to the account that asked for it. Once.';

CREATE FUNCTION auth.set_password(p_user_id bigint, p_password_hash text) RETURNS int
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

COMMENT ON FUNCTION auth.set_password(bigint, text) IS
    'Sets a password, ends every session, voids what was mailed before and tells the owner; the new epoch of sessions.';

CREATE FUNCTION auth.reset_password(
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

COMMENT ON FUNCTION auth.reset_password(bytea, text) IS 'A new password by a mailed token, once.';

CREATE FUNCTION auth.my_login() RETURNS TABLE (email text, password_hash text, telegram_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT l.email, l.password_hash, a.telegram_id
    FROM auth.users AS a LEFT JOIN auth.email_logins AS l USING (user_id)
    WHERE a.user_id = auth.claim();
END;

COMMENT ON FUNCTION auth.my_login() IS 'The ways in of the claim''s user.';

CREATE FUNCTION auth.change_password(p_old_hash text, p_new_hash text) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    PERFORM FROM auth.email_logins AS l
    WHERE l.user_id = auth.claim() AND l.password_hash = p_old_hash FOR UPDATE;
    RETURN CASE WHEN FOUND THEN auth.set_password(auth.claim(), p_new_hash) END;
END
$function$;

COMMENT ON FUNCTION auth.change_password(text, text) IS
    'A new password for the claim''s user who said the old one; the new epoch of sessions, null: it was changed meanwhile.';

CREATE FUNCTION auth.drop_account(p_user_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
    DELETE FROM auth.users AS a WHERE a.user_id = p_user_id;
    PERFORM ledger.close_account(p_user_id);
    DELETE FROM public.users AS u WHERE u.user_id = p_user_id;
END
$function$;

COMMENT ON FUNCTION auth.drop_account(bigint) IS
    'Takes away an account that never did anything: it fails where any table of the product still speaks of it.';

CREATE FUNCTION auth.join_accounts(p_user_id bigint, p_other_id bigint, OUT o_status text, OUT o_user_id bigint)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_face public.users;
    v_login auth.email_logins;
BEGIN
    PERFORM FROM auth.users AS a WHERE a.user_id IN (p_user_id, p_other_id) ORDER BY a.user_id FOR UPDATE;
    IF (SELECT count(*) FROM auth.users AS a WHERE a.user_id IN (p_user_id, p_other_id)) <> 2 THEN
        o_status := 'conflict';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM auth.users AS a WHERE a.user_id = p_other_id AND a.banned_at IS NOT NULL) THEN
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
    UPDATE public.users AS u
    SET telegram_id = v_face.telegram_id, username = v_face.username, first_name = v_face.first_name,
        last_name = v_face.last_name, photo_url = v_face.photo_url, language_code = v_face.language_code,
        updated_at = now()
    WHERE u.user_id = o_user_id;
    UPDATE auth.users AS a
    SET telegram_id = v_face.telegram_id, username = v_face.username, first_name = v_face.first_name,
        last_name = v_face.last_name, photo_url = v_face.photo_url, language_code = v_face.language_code,
        session_epoch = a.session_epoch + 1
    WHERE a.user_id = o_user_id;
    INSERT INTO auth.email_logins (user_id, email, password_hash, changed_at, created_at)
    VALUES (o_user_id, v_login.email, v_login.password_hash, v_login.changed_at, v_login.created_at)
    ON CONFLICT DO NOTHING;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.join_accounts(bigint, bigint) IS
    'Makes one user of an account by Telegram and one by e-mail, if one of them never did anything: whatever refers to a user is a history. Money and history stay where they are.';

CREATE FUNCTION auth.link_telegram(
    p_user_id bigint, p_telegram_id bigint, OUT o_status text, OUT o_user_id bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_telegram_id bigint;
    v_other_id bigint;
BEGIN
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
        SELECT j.o_status, j.o_user_id INTO o_status, o_user_id FROM auth.join_accounts(p_user_id, v_other_id) AS j;
        RETURN;
    END IF;
    UPDATE public.users AS u SET telegram_id = p_telegram_id WHERE u.user_id = p_user_id;
    UPDATE auth.users AS a SET telegram_id = p_telegram_id, session_epoch = a.session_epoch + 1
    WHERE a.user_id = p_user_id;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION auth.link_telegram(bigint, bigint) IS
    'Adds a Telegram account, whose init data the gateway has checked, to a user; who the user is then, and its status.';

CREATE FUNCTION auth.link_email(p_user_id bigint, p_email text, OUT o_status text, OUT o_user_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_other_id bigint;
BEGIN
    SELECT l.user_id INTO v_other_id FROM auth.email_logins AS l WHERE l.email = p_email;
    IF NOT FOUND THEN
        o_status := 'conflict';
    ELSIF v_other_id = p_user_id THEN
        o_user_id := p_user_id;
        o_status := 'ok';
    ELSE
        SELECT j.o_status, j.o_user_id INTO o_status, o_user_id FROM auth.join_accounts(p_user_id, v_other_id) AS j;
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.link_email(bigint, text) IS
    'Joins a user with the account of an e-mail log-in, whose password the gateway has checked.';

CREATE FUNCTION auth.unlink(p_user_id bigint, p_way text, OUT o_status text, OUT o_epoch int)
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

COMMENT ON FUNCTION auth.unlink(bigint, text) IS
    'Takes one of two ways in away, telegram or email, never the last one; ends every session.';

CREATE FUNCTION auth.claim_mails(p_limit int, p_lease_s double precision)
    RETURNS TABLE (mail_id bigint, template text, address text, language text, nonce bytea, token_hash bytea, tries int)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- What came too late, and what was asked for addresses that nobody logs in with.
    DELETE FROM auth.outbox AS o WHERE o.mail_id IN (
        SELECT d.mail_id FROM auth.outbox AS d WHERE d.due_at <= now() AND (
            d.expires_at <= now() OR (
                d.template = 'reset' AND NOT EXISTS (SELECT FROM auth.email_logins AS l WHERE l.email = d.address)
            )
        ) LIMIT p_limit FOR UPDATE SKIP LOCKED
    );
    WITH due AS (
        SELECT o.mail_id FROM auth.outbox AS o
        WHERE o.due_at <= now() AND o.expires_at > now() AND (
            o.template <> 'reset' OR EXISTS (SELECT FROM auth.email_logins AS l WHERE l.email = o.address)
        )
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        -- Each further try waits twice as long, an hour at most.
        UPDATE auth.outbox AS o
        SET tries = o.tries + 1, due_at = now() + make_interval(secs => least(p_lease_s * 2 ^ least(o.tries, 20), 3600))
        FROM due WHERE o.mail_id = due.mail_id
        RETURNING o.mail_id, o.user_id, o.template, o.address, o.language, o.nonce, o.token_hash, o.tries
    )
    SELECT t.mail_id, CASE WHEN t.template IN ('register', 'link') AND l.user_id IS NOT NULL THEN 'known' ELSE t.template END,
        t.address, coalesce(a.language, CASE WHEN a.language_code LIKE 'ru%' THEN 'ru' END, t.language),
        t.nonce, t.token_hash, t.tries
    FROM taken AS t
    LEFT JOIN auth.email_logins AS l ON l.email = t.address
    LEFT JOIN auth.users AS a ON a.user_id = coalesce(t.user_id, l.user_id);
END;

COMMENT ON FUNCTION auth.claim_mails(int, double precision) IS
    'Mails that are due, nobody else''s before the lease ends. Who asks to register a known address makes its owner be told.';

CREATE FUNCTION auth.finish_mails(p_mail_ids bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM auth.outbox AS o WHERE o.mail_id = ANY (p_mail_ids);
END;

COMMENT ON FUNCTION auth.finish_mails(bigint[]) IS 'These mails were sent, or can never be.';

CREATE FUNCTION auth.purge_mail_tokens(p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM auth.mail_tokens AS t WHERE t.token_hash IN (
            SELECT o.token_hash FROM auth.mail_tokens AS o WHERE o.expires_at < now() LIMIT p_limit
        ) RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION auth.purge_mail_tokens(int) IS 'Forgets tokens that have expired, some at a time.';

GRANT EXECUTE ON FUNCTION
    auth.ask_mail(text, text, bigint, text, text, text, bytea, bytea, double precision), auth.email_login(text),
    auth.rehash(bigint, text, text), auth.look_at_token(bytea), auth.use_registration(bytea, boolean, bigint),
    auth.reset_password(bytea, text), auth.link_telegram(bigint, bigint), auth.link_email(bigint, text),
    auth.unlink(bigint, text)
TO ct_login;
GRANT EXECUTE ON FUNCTION auth.my_login(), auth.change_password(text, text) TO ct_player;
GRANT EXECUTE ON FUNCTION
    auth.claim_mails(int, double precision), auth.finish_mails(bigint[]), auth.purge_mail_tokens(int)
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
REVOKE CREATE ON SCHEMA ledger FROM ct_ledger;
RESET ROLE;
