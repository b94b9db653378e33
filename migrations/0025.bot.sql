-- The bot: which updates were dealt with, to whom it may write, phone numbers that were shared, and who invited whom.
-- depends: 0024.sessions-and-bans

CREATE SCHEMA bot AUTHORIZATION ct_owner;
SET LOCAL ROLE ct_owner;

COMMENT ON SCHEMA bot IS 'What the bot has received and said.';
GRANT USAGE ON SCHEMA bot TO ct_auth, ct_ledger, ct_login, ct_player, ct_settler;

CREATE TABLE bot.updates (
    update_id bigint PRIMARY KEY,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX updates_by_age ON bot.updates USING brin (handled_at);

COMMENT ON TABLE bot.updates IS 'Updates from Telegram that were dealt with: a redelivery is answered and nothing more.';
COMMENT ON COLUMN bot.updates.update_id IS 'Telegram''s number of the update.';
COMMENT ON COLUMN bot.updates.handled_at IS 'When its handler was done.';

CREATE TABLE bot.chats (
    telegram_id bigint PRIMARY KEY CHECK (telegram_id > 0),
    can_write boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE bot.chats IS 'People who have started the bot or blocked it.';
COMMENT ON COLUMN bot.chats.telegram_id IS 'The person, and so the private chat.';
COMMENT ON COLUMN bot.chats.can_write IS 'Whether the bot may write there; false: it was blocked.';
COMMENT ON COLUMN bot.chats.changed_at IS 'Since when.';

CREATE TABLE game.referral_codes (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    code text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{8}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE game.referral_codes IS 'The code with which a player invites others, made when it is first asked for.';
COMMENT ON COLUMN game.referral_codes.user_id IS 'The player.';
COMMENT ON COLUMN game.referral_codes.code IS 'Eight characters of Crockford''s base32.';
COMMENT ON COLUMN game.referral_codes.created_at IS 'When it was made.';

CREATE TABLE game.referrals (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    referrer_id bigint NOT NULL REFERENCES public.users CHECK (referrer_id <> user_id),
    source text NOT NULL CHECK (source IN ('bot', 'app')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX referrals_of_referrer ON game.referrals (referrer_id, user_id);

COMMENT ON TABLE game.referrals IS 'Who invited whom. Written in the transaction that makes the invited account and never after: so there are no loops.';
COMMENT ON COLUMN game.referrals.user_id IS 'Who was invited.';
COMMENT ON COLUMN game.referrals.referrer_id IS 'Who had invited.';
COMMENT ON COLUMN game.referrals.source IS 'Where the code came with: the bot''s /start, or the Mini App''s start_param.';
COMMENT ON COLUMN game.referrals.created_at IS 'When the invited account was made.';

GRANT SELECT, INSERT, UPDATE, DELETE ON bot.updates, bot.chats TO ct_auth;
GRANT SELECT, INSERT ON game.referral_codes TO ct_ledger;
GRANT SELECT ON game.referrals TO ct_ledger;
GRANT SELECT ON game.referral_codes TO ct_auth;
GRANT SELECT, INSERT ON game.referrals TO ct_auth;
GRANT CREATE ON SCHEMA auth, bot TO ct_auth;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION auth.enter_telegram(
    p_telegram_id bigint, p_first_name text, p_last_name text, p_username text, p_photo_url text, p_keep_photo boolean,
    p_language_code text, p_is_demo boolean, p_demo_stars bigint, p_code text, p_source text,
    OUT o_user_id bigint, OUT o_role text, OUT o_banned boolean, OUT o_created boolean, OUT o_language text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    -- What the bot hears carries no photo; the one from the Mini App stays.
    IF p_keep_photo THEN
        SELECT u.photo_url INTO p_photo_url FROM public.users AS u
        WHERE u.telegram_id = p_telegram_id FOR NO KEY UPDATE;
    END IF;
    SELECT l.o_user_id, l.o_role, l.o_banned, l.o_created INTO o_user_id, o_role, o_banned, o_created
    FROM auth.log_in_telegram(
        p_telegram_id, p_first_name, p_last_name, p_username, p_photo_url, p_language_code, p_is_demo, p_demo_stars
    ) AS l;
    IF o_created AND p_code IS NOT NULL THEN
        INSERT INTO game.referrals (user_id, referrer_id, source)
        SELECT o_user_id, c.user_id, p_source FROM game.referral_codes AS c
        WHERE c.code = p_code AND c.user_id <> o_user_id;
    END IF;
    SELECT coalesce(a.language, a.language_code) INTO o_language FROM auth.users AS a WHERE a.user_id = o_user_id;
END
$function$;

COMMENT ON FUNCTION auth.enter_telegram(bigint, text, text, text, text, boolean, text, boolean, bigint, text, text) IS
    'Log-in from the bot and the Mini App alike: finds or makes the account, and notes for a new one who invited it; all or nothing.';

CREATE FUNCTION auth.share_phone(p_telegram_id bigint, p_phone_number text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    UPDATE public.users AS u SET phone_number = p_phone_number, updated_at = now() WHERE u.telegram_id = p_telegram_id;
    UPDATE auth.users AS a SET phone_number = p_phone_number WHERE a.telegram_id = p_telegram_id;
    RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION auth.share_phone(bigint, text) IS 'Keeps the phone number that a player shared with the bot; false: there is no account.';

CREATE FUNCTION bot.account_of(p_telegram_id bigint)
    RETURNS TABLE (user_id bigint, role text, banned boolean, ban_reason text, language text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.role, a.banned_at IS NOT NULL, a.ban_reason, coalesce(a.language, a.language_code)
    FROM auth.users AS a WHERE a.telegram_id = p_telegram_id;
END;

COMMENT ON FUNCTION bot.account_of(bigint) IS 'Who writes to the bot: the account of a Telegram number that Telegram itself vouches for.';

CREATE FUNCTION bot.is_handled(p_update_id bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM bot.updates AS u WHERE u.update_id = p_update_id);

COMMENT ON FUNCTION bot.is_handled(bigint) IS 'Whether an update was dealt with before.';

CREATE FUNCTION bot.note_handled(p_update_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO bot.updates (update_id) VALUES (p_update_id) ON CONFLICT DO NOTHING;
END;

COMMENT ON FUNCTION bot.note_handled(bigint) IS 'An update was dealt with.';

CREATE FUNCTION bot.purge_updates(p_older_than_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old AS (
        SELECT u.update_id FROM bot.updates AS u
        WHERE u.handled_at < now() - make_interval(secs => p_older_than_s) LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM bot.updates AS u USING old WHERE u.update_id = old.update_id RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION bot.purge_updates(double precision, int) IS 'Forgets updates that Telegram no longer redelivers, some at a time.';

CREATE FUNCTION bot.set_can_write(p_telegram_id bigint, p_can_write boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO bot.chats AS c (telegram_id, can_write) VALUES (p_telegram_id, p_can_write)
    ON CONFLICT (telegram_id) DO UPDATE SET can_write = excluded.can_write, changed_at = now()
    WHERE c.can_write <> excluded.can_write;
END;

COMMENT ON FUNCTION bot.set_can_write(bigint, boolean) IS 'Somebody started the bot, or blocked it.';

GRANT EXECUTE ON FUNCTION
    auth.enter_telegram(bigint, text, text, text, text, boolean, text, boolean, bigint, text, text),
    auth.share_phone(bigint, text),
    bot.account_of(bigint)
TO ct_login;
GRANT EXECUTE ON FUNCTION
    bot.is_handled(bigint), bot.note_handled(bigint), bot.purge_updates(double precision, int),
    bot.set_can_write(bigint, boolean)
TO ct_settler;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.my_referral_code(p_fresh text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_code text;
BEGIN
    SELECT c.code INTO v_code FROM game.referral_codes AS c WHERE c.user_id = auth.claim();
    IF NOT FOUND THEN
        -- Nothing is returned where the fresh code is somebody's, or another request was first: then ask again.
        INSERT INTO game.referral_codes AS c (user_id, code) SELECT auth.claim(), p_fresh WHERE auth.claim() IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING c.code INTO v_code;
    END IF;
    RETURN v_code;
END
$function$;

COMMENT ON FUNCTION game.my_referral_code(text) IS
    'The referral code of the claim''s user: the one it has, else the fresh one; null: that one cannot be taken.';

CREATE FUNCTION game.my_referrals(p_before_user_id bigint, p_limit int)
    RETURNS TABLE (user_id bigint, name text, photo_url text, finished boolean, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT r.user_id, u.name, u.photo_url, coalesce(p.games, 0) > 0, r.created_at
    FROM game.referrals AS r
    JOIN public.users AS u USING (user_id)
    LEFT JOIN game.player_stats AS p USING (user_id)
    WHERE r.referrer_id = auth.claim() AND r.user_id < coalesce(p_before_user_id, 9223372036854775807)
    ORDER BY r.user_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION game.my_referrals(bigint, int) IS
    'Whom the claim''s user has invited, newest first, and whether each has finished a game.';

GRANT EXECUTE ON FUNCTION game.my_referral_code(text), game.my_referrals(bigint, int) TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA auth, bot FROM ct_auth;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
