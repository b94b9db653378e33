SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.clear_missing(p_room_id text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.rooms AS r SET missing_since = NULL WHERE r.room_id = p_room_id AND r.missing_since IS NOT NULL;
END;

COMMENT ON FUNCTION game.clear_missing IS 'Redis knows the room after all.';
GRANT EXECUTE ON FUNCTION game.clear_missing TO ct_settler;
