SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.signals_of(p_room_id text)
    RETURNS TABLE (user_id bigint, score real, review boolean, signals jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.user_id, s.score, s.review, s.signals FROM game.signals AS s WHERE s.room_id = p_room_id
    ORDER BY s.score DESC, s.user_id;
END;

COMMENT ON FUNCTION game.signals_of IS 'What the signals say of the players of a game.';
GRANT EXECUTE ON FUNCTION game.signals_of TO ct_settler;
