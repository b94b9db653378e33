-- Login by Telegram, and what a socket must know when it says hello.
--
-- Here and below, functions that every player waits for plan each statement once a session, and never by walking a
-- whole table: a plan made while the tables were small is still used when they are large.
-- depends: 0005.idempotency-and-dead-letters

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA auth TO ct_auth;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION auth.log_in_telegram(
    p_telegram_id bigint, p_first_name text, p_last_name text, p_username text, p_photo_url text,
    p_language_code text, p_is_demo boolean, p_demo_stars bigint,
    OUT o_user_id bigint, OUT o_role text, OUT o_banned boolean, OUT o_created boolean
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    -- The unique telegram_id makes concurrent first logins wait here for each other.
    INSERT INTO public.users AS u (telegram_id, first_name, last_name, username, photo_url, language_code, is_demo)
    VALUES (p_telegram_id, p_first_name, p_last_name, p_username, p_photo_url, p_language_code, p_is_demo)
    ON CONFLICT (telegram_id) DO UPDATE SET
        first_name = excluded.first_name,
        last_name = excluded.last_name,
        username = excluded.username,
        photo_url = excluded.photo_url,
        language_code = coalesce(excluded.language_code, u.language_code),
        is_demo = u.is_demo OR excluded.is_demo,
        updated_at = now()
    RETURNING u.user_id INTO o_user_id;

    UPDATE auth.users AS a
    SET username = u.username, first_name = u.first_name, last_name = u.last_name, photo_url = u.photo_url,
        language_code = u.language_code
    FROM public.users AS u
    WHERE u.user_id = o_user_id AND a.user_id = o_user_id
    RETURNING a.role, a.banned_at IS NOT NULL INTO o_role, o_banned;
    o_created := NOT FOUND;
    IF o_created THEN
        INSERT INTO auth.users AS a (
            user_id, telegram_id, username, first_name, last_name, photo_url, language_code, phone_number
        )
        SELECT u.user_id, u.telegram_id, u.username, u.first_name, u.last_name, u.photo_url, u.language_code, u.phone_number
        FROM public.users AS u WHERE u.user_id = o_user_id
        RETURNING a.role, false INTO o_role, o_banned;
        PERFORM ledger.open_account(o_user_id, p_demo_stars);
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.log_in_telegram(bigint, text, text, text, text, text, boolean, bigint) IS
    'Finds or makes the account of a Telegram user, all or nothing; refreshes the public profile.';

CREATE FUNCTION auth.hello(p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, banned boolean, room_id text, language text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL, s.room_id, coalesce(a.language, a.language_code)
    FROM auth.users AS a
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = ANY (p_user_ids);
END;

COMMENT ON FUNCTION auth.hello(bigint[]) IS 'For sockets whose tokens were checked: banned or not, the room to return to, the language chosen or reported.';

GRANT EXECUTE ON FUNCTION auth.log_in_telegram(bigint, text, text, text, text, text, boolean, bigint) TO ct_player;
GRANT EXECUTE ON FUNCTION auth.hello(bigint[]) TO ct_settler;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.my_numbers(
    OUT balance bigint, OUT room_id text, OUT games int, OUT wins int, OUT won bigint, OUT best int
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT b.balance, s.room_id, coalesce(p.games, 0), coalesce(p.wins, 0), coalesce(p.won, 0), coalesce(p.best, 0)
    FROM ledger.balances AS b
    LEFT JOIN game.seats AS s ON s.user_id = b.user_id AND s.state = 'live'
    LEFT JOIN game.player_stats AS p ON p.user_id = b.user_id
    WHERE b.user_id = auth.claim();
END;

COMMENT ON FUNCTION game.my_numbers() IS 'Balance, room and statistics of the claim''s user; nulls without a claim.';

GRANT EXECUTE ON FUNCTION game.my_numbers() TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
