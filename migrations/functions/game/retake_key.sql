SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.retake_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    p_room_id text, p_seat_id uuid,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_response bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_response INTO o_status, o_room_id, o_seat_id, o_response
    FROM game.find_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s) AS k;
    IF o_status = 'absent' THEN
        -- It was given up between two looks.
        o_status := 'idempotency_in_progress';
    ELSIF o_status = 'vacant' THEN
        UPDATE game.idempotency AS i
        SET seat_id = p_seat_id, room_id = p_room_id, lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
END
$function$;

COMMENT ON FUNCTION game.retake_key IS
    'What a key that is there already stands for; one whose attempt left nothing behind (vacant) is taken for this seat.';
