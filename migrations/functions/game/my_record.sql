-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_record(p_room_id text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT r.document FROM game.records AS r
        WHERE r.room_id = p_room_id AND EXISTS (
            SELECT FROM game.seats AS s
            WHERE s.room_id = p_room_id AND s.user_id = auth.claim() AND (s.organizes OR s.taps IS NOT NULL)
        )
    );

COMMENT ON FUNCTION game.my_record IS 'The record of a room, for who played or organized it.';
GRANT EXECUTE ON FUNCTION game.my_record TO ct_player;
