SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.sessions_of(p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, banned boolean, room_id text, language text, session_epoch int)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL, s.room_id, coalesce(a.language, a.language_code), a.session_epoch
    FROM auth.users AS a
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = ANY (p_user_ids);
END;

COMMENT ON FUNCTION auth.sessions_of IS
    'For requests and sockets whose tokens were checked: banned or not, the room to return to, the language chosen or reported, the epoch of sessions that still hold.';
GRANT EXECUTE ON FUNCTION auth.sessions_of TO ct_seats;
