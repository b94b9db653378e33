SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.telegram_account(p_telegram_id bigint, OUT o_user_id bigint, OUT o_banned boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.telegram_id = p_telegram_id;
END;

COMMENT ON FUNCTION auth.telegram_account IS 'Who logs in with that Telegram account; nulls: nobody.';
GRANT EXECUTE ON FUNCTION auth.telegram_account TO ct_ledger;
