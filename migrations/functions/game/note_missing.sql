SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.note_missing(p_room_id text) RETURNS double precision
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.rooms AS r SET missing_since = coalesce(r.missing_since, now())
    WHERE r.room_id = p_room_id AND r.outcome = 'open'
    RETURNING extract(epoch FROM now() - r.missing_since)::double precision;
END;

COMMENT ON FUNCTION game.note_missing IS
    'Redis does not know this open room. For how many seconds that has been so; null: there is no such open room.';
GRANT EXECUTE ON FUNCTION game.note_missing TO ct_settler;
