-- Sessions that can be ended before their tokens expire, bans with their history, and two roles more: what runs before
-- there is a claim (log-in) and what operators do are no longer a player's or the system's to call.
-- depends: 0015.room-report 0020.money-kinds

DO $roles$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_login', 'Chance Tap: log-ins, which run before there is a claim; the gateway has checked the proof'),
            ('ct_operator', 'Chance Tap: what operators do to accounts; every action is written down')
        ) AS t (name, remark)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.name);
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.remark);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        IF NOT pg_has_role(current_user, wanted.name, 'SET') OR NOT pg_has_role(current_user, wanted.name, 'USAGE') THEN
            EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', wanted.name, current_user);
        END IF;
    END LOOP;
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_gateway', 'ct_login'), ('ct_gateway', 'ct_operator'), ('ct_worker', 'ct_operator')
        ) AS t (login, role)
        WHERE NOT pg_has_role(t.login, t.role, 'SET')
    LOOP
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', wanted.role, wanted.login);
    END LOOP;
END
$roles$;

SET LOCAL ROLE ct_owner;

GRANT USAGE ON SCHEMA auth TO ct_login, ct_operator;
GRANT USAGE ON SCHEMA game TO ct_operator;

ALTER TABLE auth.users ADD COLUMN session_epoch int NOT NULL DEFAULT 0;
COMMENT ON COLUMN auth.users.session_epoch IS
    'Rises when every session of the account is ended: a token of an earlier epoch is refused.';

CREATE TABLE auth.operator_log (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    action text NOT NULL CHECK (action IN ('ban', 'unban')),
    reason text CHECK (char_length(reason) <= 500),
    operator text NOT NULL CHECK (char_length(operator) BETWEEN 1 AND 100),
    login name NOT NULL DEFAULT session_user,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operator_log_of_user ON auth.operator_log (user_id, entry_id);

COMMENT ON TABLE auth.operator_log IS 'What operators did to accounts: who, when, why. Only ever added to.';
COMMENT ON COLUMN auth.operator_log.entry_id IS 'Its number.';
COMMENT ON COLUMN auth.operator_log.user_id IS 'The account it was done to.';
COMMENT ON COLUMN auth.operator_log.action IS 'What was done.';
COMMENT ON COLUMN auth.operator_log.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN auth.operator_log.operator IS 'Who says to have done it.';
COMMENT ON COLUMN auth.operator_log.login IS 'The database login it came from.';
COMMENT ON COLUMN auth.operator_log.created_at IS 'When.';

ALTER TABLE auth.operator_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.operator_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.operator_log
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY operators ON auth.operator_log TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.operator_log IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY operators ON auth.operator_log IS 'Functions of operators write and read it.';

GRANT SELECT, INSERT ON auth.operator_log TO ct_auth;
GRANT CREATE ON SCHEMA auth TO ct_auth;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_auth;

-- With somebody else's number it would change that profile, so it is no player's to call.
REVOKE EXECUTE ON FUNCTION auth.log_in_telegram(bigint, text, text, text, text, text, boolean, bigint) FROM ct_player;
GRANT EXECUTE ON FUNCTION auth.log_in_telegram(bigint, text, text, text, text, text, boolean, bigint) TO ct_login;

CREATE FUNCTION auth.sessions_of(p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, banned boolean, room_id text, language text, session_epoch int)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL, s.room_id, coalesce(a.language, a.language_code), a.session_epoch
    FROM auth.users AS a
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = ANY (p_user_ids);
END;

COMMENT ON FUNCTION auth.sessions_of(bigint[]) IS
    'For requests and sockets whose tokens were checked: banned or not, the room to return to, the language chosen or reported, the epoch of sessions that still hold.';

REVOKE EXECUTE ON FUNCTION auth.hello(bigint[]) FROM ct_settler;
GRANT EXECUTE ON FUNCTION auth.sessions_of(bigint[]) TO ct_settler;

CREATE FUNCTION auth.ban(p_user_id bigint, p_reason text, p_operator text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_banned_at timestamptz;
    v_reason text;
BEGIN
    SELECT a.banned_at, a.ban_reason INTO v_banned_at, v_reason
    FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF v_banned_at IS NOT NULL AND (p_reason IS NULL OR p_reason = v_reason) THEN
        RETURN 'unchanged';
    END IF;
    UPDATE auth.users AS a
    SET banned_at = coalesce(a.banned_at, now()), ban_reason = p_reason,
        session_epoch = a.session_epoch + CASE WHEN a.banned_at IS NULL THEN 1 ELSE 0 END
    WHERE a.user_id = p_user_id;
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'ban', p_reason, p_operator);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.ban(bigint, text, text) IS
    'Refuses an account everywhere and ends its sessions; no Star moves. Repeated it changes nothing, but for another reason.';

CREATE FUNCTION auth.unban(p_user_id bigint, p_reason text, p_operator text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_banned boolean;
BEGIN
    SELECT a.banned_at IS NOT NULL INTO v_banned FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF NOT v_banned THEN
        RETURN 'unchanged';
    END IF;
    UPDATE auth.users AS a SET banned_at = NULL, ban_reason = NULL WHERE a.user_id = p_user_id;
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'unban', p_reason, p_operator);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.unban(bigint, text, text) IS 'Lifts a ban; sessions from before it stay ended.';

CREATE FUNCTION auth.find_account(p_telegram_id bigint, p_username text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT a.user_id FROM auth.users AS a
        WHERE a.telegram_id = p_telegram_id OR (p_telegram_id IS NULL AND lower(a.username) = lower(p_username))
        ORDER BY a.user_id DESC LIMIT 1
    );

COMMENT ON FUNCTION auth.find_account(bigint, text) IS
    'The account of a Telegram number, else the latest that logged in under a user name; null: there is none.';

CREATE FUNCTION auth.account_report(p_user_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT jsonb_build_object(
            'user_id', a.user_id, 'telegram_id', a.telegram_id, 'username', a.username, 'name', u.name, 'role', a.role,
            'is_demo', u.is_demo, 'language', coalesce(a.language, a.language_code), 'created_at', a.created_at,
            'banned_at', a.banned_at, 'ban_reason', a.ban_reason, 'session_epoch', a.session_epoch,
            'operators', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'action', l.action, 'reason', l.reason, 'operator', l.operator, 'login', l.login, 'at', l.created_at
                ) ORDER BY l.entry_id), '[]')
                FROM auth.operator_log AS l WHERE l.user_id = a.user_id
            )
        )
        FROM auth.users AS a JOIN public.users AS u USING (user_id) WHERE a.user_id = p_user_id
    );

COMMENT ON FUNCTION auth.account_report(bigint) IS 'An account as an operator may see it, with what operators did to it.';

GRANT EXECUTE ON FUNCTION
    auth.ban(bigint, text, text), auth.unban(bigint, text, text), auth.find_account(bigint, text),
    auth.account_report(bigint)
TO ct_operator;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.player_report(p_user_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT jsonb_build_object(
            'balance', b.balance, 'room_id', s.room_id, 'games', coalesce(p.games, 0), 'wins', coalesce(p.wins, 0),
            'won', coalesce(p.won, 0)
        )
        FROM ledger.balances AS b
        LEFT JOIN game.seats AS s ON s.user_id = b.user_id AND s.state = 'live'
        LEFT JOIN game.player_stats AS p ON p.user_id = b.user_id
        WHERE b.user_id = p_user_id
    );

COMMENT ON FUNCTION game.player_report(bigint) IS 'Balance, room and totals of a player, for an operator.';

GRANT EXECUTE ON FUNCTION game.player_report(bigint) TO ct_operator;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
