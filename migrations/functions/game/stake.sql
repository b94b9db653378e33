SET LOCAL ROLE ct_ledger;

-- Takes one stake.  Every answer's word is a code of persistence.errors, or says what was found.
-- Locks are taken in one order everywhere: the key, the person, the limits, the room, the seat, then balances by account.
CREATE OR REPLACE FUNCTION game.stake(
    p_user_id bigint, p_room_id text, p_seat_id uuid, p_amount bigint, p_kind game.room_kind, p_capacity int,
    p_fee_bps int, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_balance bigint,
    OUT o_name text, OUT o_photo_url text, OUT o_response bytea
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_room record;
    v_account_id bigint;
    v_banned boolean;
    v_limited boolean;
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

    -- One block that is left as soon as something stands against the stake.
    <<attempt>>
    BEGIN
        PERFORM auth.share_person(p_user_id);
        SELECT a.banned_at IS NOT NULL, u.name, u.photo_url, b.account_id, b.balance, b.granted > 0, s.room_id,
            l.person_id IS NOT NULL
        INTO STRICT v_banned, o_name, o_photo_url, v_account_id, o_balance, v_demo, v_other_room_id, v_limited
        FROM auth.users AS a
        JOIN public.users AS u USING (user_id)
        JOIN ledger.balances AS b USING (user_id)
        LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
        LEFT JOIN pay.spending_limits AS l ON l.person_id = a.person_id
        WHERE a.user_id = p_user_id;
        IF v_banned THEN
            o_status := 'banned';
            EXIT attempt;
        END IF;
        -- Who holds a seat hears of it before the balance is looked at: the Stars that are missing may lie there.
        IF v_other_room_id IS NOT NULL THEN
            o_room_id := v_other_room_id;
            o_status := 'already_in_room';
            EXIT attempt;
        END IF;
        -- Before the balance too: nobody is to pay in what may not be staked.
        IF v_limited THEN
            o_response := pay.stake_refusal(p_user_id, p_amount, clock_timestamp());
            IF o_response IS NOT NULL THEN
                o_status := 'limit_reached';
                EXIT attempt;
            END IF;
        END IF;
        IF o_balance < p_amount THEN
            o_status := 'insufficient_balance';
            EXIT attempt;
        END IF;

        SELECT r.outcome, r.kind, r.stake, r.escrow_id, r.demo INTO v_room
        FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        IF NOT FOUND THEN
            -- Only its organizer makes a hero room.
            IF p_kind = 'hero' THEN
                o_status := 'room_closed';
                EXIT attempt;
            END IF;
            PERFORM game.open_room(p_room_id, p_kind, p_amount, p_capacity, p_fee_bps, v_demo, NULL, NULL);
            SELECT r.outcome, r.kind, r.stake, r.escrow_id, r.demo INTO STRICT v_room
            FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        END IF;
        IF v_room.outcome <> 'open' THEN
            o_status := 'room_closed';
            EXIT attempt;
        END IF;
        IF v_room.kind <> p_kind OR v_room.stake <> p_amount THEN
            RAISE EXCEPTION 'room % is % for %, not % for %', p_room_id, v_room.kind, v_room.stake, p_kind, p_amount;
        END IF;

        -- Demonstration Stars are won and lost among themselves.
        IF v_room.demo <> v_demo THEN
            o_status := 'forbidden';
            EXIT attempt;
        END IF;

        INSERT INTO game.seats (seat_id, room_id, user_id, amount)
        VALUES (p_seat_id, p_room_id, p_user_id, p_amount)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            IF EXISTS (SELECT FROM game.seats AS s WHERE s.seat_id = p_seat_id) THEN
                o_status := 'room_closed';
                EXIT attempt;
            END IF;
            SELECT s.room_id INTO o_room_id FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live';
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the other seat was given up meanwhile' USING ERRCODE = 'serialization_failure';
            END IF;
            o_status := 'already_in_room';
            EXIT attempt;
        END IF;

        SELECT b.balance - p_amount INTO o_balance
        FROM ledger.balances AS b WHERE b.account_id = v_account_id FOR NO KEY UPDATE;
        IF o_balance < 0 THEN
            RAISE EXCEPTION 'the balance was spent meanwhile' USING ERRCODE = 'serialization_failure';
        END IF;
        PERFORM ledger.post(
            'stake:' || p_seat_id, 'stake', p_room_id, NULL,
            ARRAY[v_account_id, v_room.escrow_id], ARRAY[-p_amount, p_amount]
        );
        o_status := 'paid';
        RETURN;
    END attempt;

    -- Only successes are kept under a key.
    DELETE FROM game.idempotency AS i WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
END
$function$;

COMMENT ON FUNCTION game.stake IS 'Takes one stake for a seat, once for a key. The claim must be the player''s.';
GRANT EXECUTE ON FUNCTION game.stake TO ct_player;
