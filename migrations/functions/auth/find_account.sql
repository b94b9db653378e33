SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.find_account(p_telegram_id bigint, p_username text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT a.user_id FROM auth.users AS a
        WHERE a.telegram_id = p_telegram_id OR (p_telegram_id IS NULL AND lower(a.username) = lower(p_username))
        ORDER BY a.user_id DESC LIMIT 1
    );

COMMENT ON FUNCTION auth.find_account IS
    'The account of a Telegram number, else the latest that logged in under a user name; null: there is none.';
GRANT EXECUTE ON FUNCTION auth.find_account TO ct_operator, ct_errand;
