SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.open_room_seats(p_after timestamptz, p_after_id text, p_limit int)
    RETURNS TABLE (room_id text, created_at timestamptz, seat_ids text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.room_id, r.created_at, ARRAY(
        SELECT s.seat_id::text FROM game.seats AS s
        WHERE s.room_id = r.room_id AND s.decided_at IS NULL AND NOT s.organizes
    )
    FROM game.rooms AS r
    WHERE r.outcome = 'open' AND (r.created_at, r.room_id) > (p_after, p_after_id)
    ORDER BY r.created_at, r.room_id LIMIT p_limit;
END;

COMMENT ON FUNCTION game.open_room_seats IS
    'A page of the undecided rooms, oldest first, each with its live seats that were paid for.';
GRANT EXECUTE ON FUNCTION game.open_room_seats TO ct_settler;
