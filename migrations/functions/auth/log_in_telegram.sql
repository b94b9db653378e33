SET LOCAL ROLE ct_auth;

-- With somebody else's number it would change that profile, so it is no player's to call.
CREATE OR REPLACE FUNCTION auth.log_in_telegram(
    p_telegram_id bigint, p_first_name text, p_last_name text, p_username text, p_photo_url text,
    p_language_code text, p_is_demo boolean, p_demo_stars bigint,
    OUT o_user_id bigint, OUT o_role text, OUT o_banned boolean, OUT o_created boolean,
    OUT o_is_new boolean
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_person_id bigint;
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
    o_is_new := false;
    IF o_created THEN
        SELECT p.o_person_id, p.o_is_new INTO v_person_id, o_is_new
        FROM auth.person_for('telegram', p_telegram_id::text) AS p;
        INSERT INTO auth.users AS a (
            user_id, telegram_id, username, first_name, last_name, photo_url, language_code, phone_number, person_id,
            banned_at, ban_reason
        )
        SELECT u.user_id, u.telegram_id, u.username, u.first_name, u.last_name, u.photo_url, u.language_code,
            u.phone_number, p.person_id, p.banned_at, p.ban_reason
        FROM public.users AS u, auth.persons AS p WHERE u.user_id = o_user_id AND p.person_id = v_person_id
        RETURNING a.role, a.banned_at IS NOT NULL INTO o_role, o_banned;
        -- Demonstration Stars are given once a person.
        PERFORM ledger.open_account(o_user_id, CASE WHEN o_is_new THEN p_demo_stars ELSE 0 END);
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.log_in_telegram IS
    'Finds or makes the account of a Telegram user, all or nothing; refreshes the public profile. o_is_new: the first account of a new person.';
GRANT EXECUTE ON FUNCTION auth.log_in_telegram TO ct_login;
