SET LOCAL ROLE ct_auth;

-- The shown name stays: it is the player's face in old games.
CREATE OR REPLACE FUNCTION auth.set_telegram(p_user_id bigint, p_telegram_id bigint, p_since timestamptz) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE public.users AS u
    SET telegram_id = p_telegram_id, username = NULL, photo_url = NULL, phone_number = NULL, updated_at = now()
    WHERE u.user_id = p_user_id;
    UPDATE auth.users AS a
    SET telegram_id = p_telegram_id, username = NULL, photo_url = NULL, phone_number = NULL, telegram_since = p_since
    WHERE a.user_id = p_user_id;
END;

COMMENT ON FUNCTION auth.set_telegram IS
    'Another Telegram account logs in here, or null: none; what the earlier one brought along goes.';
