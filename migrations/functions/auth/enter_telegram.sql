SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.enter_telegram(
    p_telegram_id bigint, p_first_name text, p_last_name text, p_username text, p_photo_url text, p_keep_photo boolean,
    p_language_code text, p_is_demo boolean, p_demo_stars bigint, p_code text, p_source text,
    OUT o_user_id bigint, OUT o_role text, OUT o_banned boolean, OUT o_created boolean, OUT o_language text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_is_new boolean;
BEGIN
    -- What the bot hears carries no photo; the one from the Mini App stays.
    IF p_keep_photo THEN
        SELECT u.photo_url INTO p_photo_url FROM public.users AS u
        WHERE u.telegram_id = p_telegram_id FOR NO KEY UPDATE;
    END IF;
    SELECT l.o_user_id, l.o_role, l.o_banned, l.o_created, l.o_is_new
    INTO o_user_id, o_role, o_banned, o_created, v_is_new
    FROM auth.log_in_telegram(
        p_telegram_id, p_first_name, p_last_name, p_username, p_photo_url, p_language_code, p_is_demo, p_demo_stars
    ) AS l;
    IF v_is_new AND p_code IS NOT NULL THEN
        INSERT INTO game.referrals (user_id, referrer_id, source)
        SELECT o_user_id, c.user_id, p_source FROM game.referral_codes AS c
        WHERE c.code = p_code AND c.user_id <> o_user_id;
    END IF;
    SELECT coalesce(a.language, a.language_code) INTO o_language FROM auth.users AS a WHERE a.user_id = o_user_id;
END
$function$;

COMMENT ON FUNCTION auth.enter_telegram IS
    'Log-in from the bot and the Mini App alike: finds or makes the account, and notes for a new person who invited it; all or nothing.';
GRANT EXECUTE ON FUNCTION auth.enter_telegram TO ct_login;
