SET LOCAL ROLE ct_ledger;

-- Free of charge: the organizer watches, and gets a part of the pool when the room is settled.
CREATE OR REPLACE FUNCTION game.organize(
    p_user_id bigint, p_room_id text, p_seat_id uuid, p_stake bigint, p_capacity int, p_fee_bps int, p_target int,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_balance bigint,
    OUT o_name text, OUT o_photo_url text, OUT o_response bytea
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_banned boolean;
    v_demo boolean;
    v_other_room_id text;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;

    INSERT INTO game.idempotency (user_id, endpoint, key, body_hash, seat_id, room_id, lease_until)
    VALUES (
        p_user_id, p_endpoint, p_key, p_body_hash, p_seat_id, p_room_id,
        clock_timestamp() + make_interval(secs => p_lease_s)
    )
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_response INTO o_status, o_room_id, o_seat_id, o_response
        FROM game.retake_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_room_id, p_seat_id) AS k;
        IF o_status <> 'vacant' THEN
            RETURN;
        END IF;
    END IF;
    o_room_id := p_room_id;
    o_seat_id := p_seat_id;

    PERFORM auth.share_person(p_user_id);
    SELECT a.banned_at IS NOT NULL, u.name, u.photo_url, b.balance, b.granted > 0, s.room_id
    INTO STRICT v_banned, o_name, o_photo_url, o_balance, v_demo, v_other_room_id
    FROM auth.users AS a
    JOIN public.users AS u USING (user_id)
    JOIN ledger.balances AS b USING (user_id)
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = p_user_id;
    o_response := pay.stake_refusal(p_user_id, 0, clock_timestamp());
    IF v_banned THEN
        o_status := 'banned';
    ELSIF v_other_room_id IS NOT NULL THEN
        o_room_id := v_other_room_id;
        o_status := 'already_in_room';
    ELSIF o_response IS NOT NULL THEN
        o_status := 'limit_reached';
    ELSIF EXISTS (SELECT FROM game.seats AS s WHERE s.seat_id = p_seat_id)
        OR NOT game.open_room(
            p_room_id, 'hero', p_stake, p_capacity, p_fee_bps, v_demo, p_user_id, nullif(p_target, 0)
        )
    THEN
        o_status := 'room_closed';
    ELSE
        INSERT INTO game.seats (seat_id, room_id, user_id, amount, organizes)
        VALUES (p_seat_id, p_room_id, p_user_id, 0, true)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            -- Undone as a whole, so that no room without an organizer is left; done again, it finds the other seat.
            RAISE EXCEPTION 'a seat was taken meanwhile' USING ERRCODE = 'serialization_failure';
        END IF;
        o_status := 'paid';
        RETURN;
    END IF;

    -- Only successes are kept under a key.
    DELETE FROM game.idempotency AS i WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
END
$function$;

COMMENT ON FUNCTION game.organize IS
    'Makes a hero room and seats its organizer, free of charge, once for a key. The claim must be the organizer''s.';
GRANT EXECUTE ON FUNCTION game.organize TO ct_player;
