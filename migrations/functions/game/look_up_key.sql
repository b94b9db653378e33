-- depends: auth.claim game.find_key
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.look_up_key(
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_response bytea
)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_response
    FROM game.find_key(auth.claim(), p_endpoint, p_key, p_body_hash, p_lease_s) AS k;
END;

COMMENT ON FUNCTION game.look_up_key IS 'game.find_key for the claim''s user.';
GRANT EXECUTE ON FUNCTION game.look_up_key TO ct_player;
