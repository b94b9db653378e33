SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.stale_live_seats(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s
    WHERE s.state = 'live' AND NOT s.organizes AND s.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY s.created_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.stale_live_seats IS 'Live seats with a stake that are older than that, oldest first.';
GRANT EXECUTE ON FUNCTION game.stale_live_seats TO ct_settler;
