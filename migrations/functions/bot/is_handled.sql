SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.is_handled(p_update_id bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (SELECT FROM bot.updates AS u WHERE u.update_id = p_update_id);

COMMENT ON FUNCTION bot.is_handled IS 'Whether an update was dealt with before.';
GRANT EXECUTE ON FUNCTION bot.is_handled TO ct_chat;
