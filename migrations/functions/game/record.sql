SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.record(p_room_id text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT r.document FROM game.records AS r WHERE r.room_id = p_room_id);

COMMENT ON FUNCTION game.record IS 'The record of a room, as it is stored; null: there is none.';
GRANT EXECUTE ON FUNCTION game.record TO ct_settler;
