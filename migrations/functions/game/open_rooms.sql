SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.open_rooms(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (
        room_id text, kind game.room_kind, stake bigint, live_seats bigint, age_s double precision, missing_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.room_id, r.kind, r.stake,
        -- Not a condition on the state: that would invite the index of all live seats, read once a room.
        (SELECT count(*) FILTER (WHERE s.state = 'live' AND NOT s.organizes) FROM game.seats AS s WHERE s.room_id = r.room_id),
        extract(epoch FROM now() - r.created_at)::double precision,
        extract(epoch FROM now() - r.missing_since)::double precision
    FROM game.rooms AS r
    WHERE r.outcome = 'open' AND r.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY r.created_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.open_rooms IS 'Rooms that are undecided and older than that, oldest first.';
GRANT EXECUTE ON FUNCTION game.open_rooms TO ct_settler;
