SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.hello(p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, banned boolean, room_id text, language text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL, s.room_id, coalesce(a.language, a.language_code)
    FROM auth.users AS a
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = ANY (p_user_ids);
END;

COMMENT ON FUNCTION auth.hello IS
    'For sockets whose tokens were checked: banned or not, the room to return to, the language chosen or reported.';
GRANT EXECUTE ON FUNCTION auth.hello TO ct_ledger;
