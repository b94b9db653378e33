SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.live_seat(p_user_id bigint)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live';
END;

COMMENT ON FUNCTION game.live_seat IS 'The seat that binds the player or organizer now, if any.';
GRANT EXECUTE ON FUNCTION game.live_seat TO ct_seats;
