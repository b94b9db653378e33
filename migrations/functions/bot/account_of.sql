SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.account_of(p_telegram_id bigint)
    RETURNS TABLE (user_id bigint, role text, banned boolean, ban_reason text, language text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.role, a.banned_at IS NOT NULL, a.ban_reason, coalesce(a.language, a.language_code)
    FROM auth.users AS a WHERE a.telegram_id = p_telegram_id;
END;

COMMENT ON FUNCTION bot.account_of IS
    'Who writes to the bot: the account of a Telegram number that Telegram itself vouches for.';
GRANT EXECUTE ON FUNCTION bot.account_of TO ct_login;
