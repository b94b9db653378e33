SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.payee(p_user_id bigint, OUT o_telegram_id bigint, OUT o_banned boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.telegram_id, a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.user_id = p_user_id;
END;

COMMENT ON FUNCTION auth.payee IS 'The Telegram user of an account, and whether it is banned.';
GRANT EXECUTE ON FUNCTION auth.payee TO ct_ledger;
