SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.seat(p_seat_id uuid)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.seat_id = p_seat_id;
END;

COMMENT ON FUNCTION game.seat IS 'One seat, whatever its state.';
GRANT EXECUTE ON FUNCTION game.seat TO ct_seats;
