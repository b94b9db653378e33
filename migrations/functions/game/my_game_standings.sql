-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_game_standings(p_room_id text)
    RETURNS TABLE (
        place int, user_id bigint, name text, photo_url text, taps int, best int, blocked boolean, prize bigint
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT o.place, o.user_id, u.name, u.photo_url, o.taps, o.best, o.blocked, o.prize
    FROM game.rooms AS r
    JOIN jsonb_array_elements(r.decision -> 'standings') WITH ORDINALITY AS line (seat, n) ON true
    JOIN game.seats AS o ON o.room_id = r.room_id AND o.decided_at = r.decided_at
        AND o.user_id = (line.seat ->> 'user_id')::bigint
    JOIN public.users AS u ON u.user_id = o.user_id
    WHERE r.room_id = p_room_id AND EXISTS (
        SELECT FROM game.seats AS s
        WHERE s.room_id = r.room_id AND s.decided_at = r.decided_at AND s.user_id = auth.claim()
    )
    ORDER BY line.n;
END;

COMMENT ON FUNCTION game.my_game_standings IS 'The recorded standings of a game, for those who were in it.';
GRANT EXECUTE ON FUNCTION game.my_game_standings TO ct_player;
