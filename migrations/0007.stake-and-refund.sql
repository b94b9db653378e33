-- Taking and giving back one stake.  Every answer's word is a code of persistence.errors, or says what was found.
-- Locks are taken in one order everywhere: the key, the room, the seat, then balances by account.
-- depends: 0006.login-functions

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA game TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.find_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_answer bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row record;
BEGIN
    SELECT i.body_hash, i.answer, i.room_id, i.seat_id, i.lease_until INTO v_row
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
    IF v_row.answer IS NOT NULL THEN
        o_status := 'stored';
        o_answer := v_row.answer;
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

COMMENT ON FUNCTION game.find_key(bigint, text, text, bytea, double precision) IS
    'What a key stands for. A resumed attempt is leased to the caller, so that one retry resumes it and not two.';

CREATE FUNCTION game.look_up_key(
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_answer bytea
)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_answer
    FROM game.find_key(auth.claim(), p_endpoint, p_key, p_body_hash, p_lease_s) AS k;
END;

COMMENT ON FUNCTION game.look_up_key(text, text, bytea, double precision) IS 'game.find_key for the claim''s user.';

CREATE FUNCTION game.open_room(
    p_room_id text, p_kind game.room_kind, p_stake bigint, p_capacity int, p_house_fee_bps int
) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO ledger.accounts (kind, room_id) VALUES ('escrow', p_room_id) ON CONFLICT DO NOTHING;
    INSERT INTO game.rooms (room_id, kind, stake, capacity, house_fee_bps, escrow_id)
    SELECT p_room_id, p_kind, p_stake, p_capacity, p_house_fee_bps, a.account_id
    FROM ledger.accounts AS a WHERE a.kind = 'escrow' AND a.room_id = p_room_id
    ON CONFLICT DO NOTHING;
END
$function$;

COMMENT ON FUNCTION game.open_room(text, game.room_kind, bigint, int, int) IS 'Makes the room and its escrow, if they are not there.';

CREATE FUNCTION game.stake(
    p_user_id bigint, p_room_id text, p_seat_id uuid, p_amount bigint, p_kind game.room_kind, p_capacity int,
    p_house_fee_bps int, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_balance bigint,
    OUT o_name text, OUT o_photo_url text, OUT o_answer bytea
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_room record;
    v_account_id bigint;
    v_banned boolean;
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
        SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_answer INTO o_status, o_room_id, o_seat_id, o_answer
        FROM game.find_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s) AS k;
        IF o_status = 'absent' THEN
            o_status := 'idempotency_in_progress';
        END IF;
        IF o_status <> 'vacant' THEN
            RETURN;
        END IF;
        UPDATE game.idempotency AS i
        SET seat_id = p_seat_id, room_id = p_room_id, lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
    o_room_id := p_room_id;
    o_seat_id := p_seat_id;

    -- One block that is left as soon as something stands against the stake.
    <<attempt>>
    BEGIN
        SELECT a.banned_at IS NOT NULL, u.name, u.photo_url, b.account_id, b.balance, s.room_id
        INTO STRICT v_banned, o_name, o_photo_url, v_account_id, o_balance, v_other_room_id
        FROM auth.users AS a
        JOIN public.users AS u USING (user_id)
        JOIN ledger.balances AS b USING (user_id)
        LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
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
        IF o_balance < p_amount THEN
            o_status := 'insufficient_balance';
            EXIT attempt;
        END IF;

        SELECT r.outcome, r.stake, r.escrow_id INTO v_room
        FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        IF NOT FOUND THEN
            PERFORM game.open_room(p_room_id, p_kind, p_amount, p_capacity, p_house_fee_bps);
            SELECT r.outcome, r.stake, r.escrow_id INTO STRICT v_room
            FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        END IF;
        IF v_room.outcome <> 'open' THEN
            o_status := 'room_closed';
            EXIT attempt;
        END IF;
        IF v_room.stake <> p_amount THEN
            RAISE EXCEPTION 'room % costs %, not %', p_room_id, v_room.stake, p_amount;
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

COMMENT ON FUNCTION game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision) IS
    'Takes one stake for a seat, once for a key. The claim must be the player''s.';

CREATE FUNCTION game.refund(
    p_seat_id uuid, p_reason text,
    OUT o_status text, OUT o_user_id bigint, OUT o_balance bigint, OUT o_room_id text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_seat record;
    v_account_id bigint;
BEGIN
    SELECT s.room_id, s.user_id INTO o_room_id, o_user_id FROM game.seats AS s WHERE s.seat_id = p_seat_id;
    IF NOT FOUND THEN
        o_status := 'unknown';
        RETURN;
    END IF;
    -- A settlement holds the room FOR UPDATE: whoever comes second reads what the first one did.
    SELECT r.escrow_id INTO v_account_id FROM game.rooms AS r WHERE r.room_id = o_room_id FOR KEY SHARE;
    SELECT s.state, s.amount INTO v_seat FROM game.seats AS s WHERE s.seat_id = p_seat_id FOR NO KEY UPDATE;
    IF v_seat.state = 'live' THEN
        UPDATE game.seats AS s SET state = 'refunded', decided_at = now() WHERE s.seat_id = p_seat_id;
        PERFORM ledger.post(
            'refund:' || p_seat_id, 'refund', o_room_id, p_reason,
            ARRAY[v_account_id, (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = o_user_id)],
            ARRAY[-v_seat.amount, v_seat.amount]
        );
        o_status := 'refunded';
    ELSIF v_seat.state = 'refunded' THEN
        o_status := 'already';
    ELSE
        o_status := 'settled';
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_user_id;
END
$function$;

COMMENT ON FUNCTION game.refund(uuid, text) IS 'Gives one live stake back; a seat that was decided stays as it is.';

GRANT EXECUTE ON FUNCTION game.look_up_key(text, text, bytea, double precision) TO ct_player;
GRANT EXECUTE ON FUNCTION
    game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision)
TO ct_player;
GRANT EXECUTE ON FUNCTION game.refund(uuid, text) TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
