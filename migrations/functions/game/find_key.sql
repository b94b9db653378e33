SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.find_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_response bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row record;
BEGIN
    SELECT i.body_hash, i.response, i.room_id, i.seat_id, i.lease_until INTO v_row
    FROM game.idempotency AS i
    WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key
    FOR UPDATE;
    IF NOT FOUND THEN
        o_status := 'absent';
        RETURN;
    END IF;
    IF v_row.body_hash <> p_body_hash THEN
        o_status := 'idempotency_mismatch';
        RETURN;
    END IF;
    o_room_id := v_row.room_id;
    o_seat_id := v_row.seat_id;
    IF v_row.response IS NOT NULL THEN
        o_status := 'stored';
        o_response := v_row.response;
    ELSIF EXISTS (SELECT FROM game.seats AS s WHERE s.seat_id = v_row.seat_id AND s.state = 'refunded') THEN
        -- The attempt left nothing behind: whoever holds the key may begin anew.
        o_status := 'vacant';
    ELSIF v_row.lease_until > clock_timestamp() THEN
        o_status := 'idempotency_in_progress';
    ELSE
        o_status := 'resume';
        UPDATE game.idempotency AS i SET lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
END
$function$;

COMMENT ON FUNCTION game.find_key IS
    'What a key stands for. A resumed attempt is leased to the caller, so that one retry resumes it and not two.';
