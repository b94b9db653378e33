-- depends: game.settle
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.void(p_room_id text, p_reason text) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN game.settle(p_room_id, jsonb_build_object(
        'room_id', p_room_id, 'outcome', 'cancelled', 'reason', p_reason, 'seats', '[]'::jsonb
    ));

COMMENT ON FUNCTION game.void IS 'Decides a room by giving every stake back.';
GRANT EXECUTE ON FUNCTION game.void TO ct_seats;
