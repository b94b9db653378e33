-- What was there before hero rooms.  Organizers' seats go, for which nothing was paid; their rooms become standard ones.

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA game TO ct_ledger;

DROP FUNCTION game.organize(bigint, text, uuid, bigint, int, int, int, text, text, bytea, double precision);
DROP FUNCTION game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision);
DROP FUNCTION game.open_room(text, game.room_kind, bigint, int, int, bigint, int);
DROP FUNCTION game.retake_key(bigint, text, text, bytea, double precision, text, uuid);
DROP FUNCTION game.audit();
DROP FUNCTION game.open_rooms(double precision, int);
DROP FUNCTION game.stale_live_seats(double precision, int);
DROP FUNCTION game.live_seat(bigint);
DROP FUNCTION game.seat(uuid);
DROP TABLE game.daily_wins;
DROP INDEX game.seats_one_organizer_of_room;
DELETE FROM game.seats WHERE organizes;
ALTER TABLE game.seats
    DROP CONSTRAINT seats_amount_check,
    DROP COLUMN organizes,
    ADD CONSTRAINT seats_amount_check CHECK (amount > 0);
ALTER TABLE game.rooms
    DROP CONSTRAINT rooms_organizer_check,
    DROP CONSTRAINT rooms_stake_check,
    DROP COLUMN organizer_id,
    DROP COLUMN target;
UPDATE game.rooms SET kind = 'standard' WHERE kind = 'hero';
ALTER TABLE game.rooms RENAME CONSTRAINT rooms_fee_bps_check TO rooms_house_fee_bps_check;
ALTER TABLE game.rooms RENAME COLUMN fee_bps TO house_fee_bps;

COMMENT ON TABLE game.rooms IS 'A room for which somebody paid, and the one decision about its stakes.';
COMMENT ON COLUMN game.rooms.house_fee_bps IS 'Hundredths of a per cent that the house keeps of the pool, fixed when the room was made.';
COMMENT ON COLUMN game.rooms.fee IS 'What the house kept, in Stars.';
COMMENT ON COLUMN game.rooms.created_at IS 'When the first stake came.';
COMMENT ON TABLE game.seats IS 'One paid attempt to sit in a room; leaving and coming back makes another.';
COMMENT ON COLUMN game.seats.amount IS 'The stake, in Stars.';
COMMENT ON COLUMN game.seats.prize IS 'Stars won.';
COMMENT ON COLUMN game.seats.created_at IS 'When the stake was paid.';

SET LOCAL ROLE ct_ledger;

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

CREATE OR REPLACE FUNCTION game.refund(
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

CREATE OR REPLACE FUNCTION game.settle(p_room_id text, p_result jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_room game.rooms;
    v_seat record;
    v_pool bigint;
    v_staked bigint;
    v_escrow bigint;
    v_fee bigint;
    v_prize bigint := 0;
    v_winner_id bigint;
    v_reason text := p_result ->> 'reason';
    v_decision jsonb;
BEGIN
    IF p_result ->> 'room_id' IS DISTINCT FROM p_room_id THEN
        RAISE EXCEPTION 'the result is of room %, not %', p_result ->> 'room_id', p_room_id;
    END IF;
    SELECT * INTO v_room FROM game.rooms AS r WHERE r.room_id = p_room_id FOR UPDATE;
    IF NOT FOUND THEN
        -- Nobody paid.  The row keeps a late stake out.
        INSERT INTO game.rooms (room_id, kind, outcome, decided_at, decision)
        VALUES (p_room_id, 'standard', 'refunded', now(), '{}') ON CONFLICT DO NOTHING;
        IF FOUND THEN
            v_room.room_id := p_room_id;
            v_room.outcome := 'open';
        ELSE
            SELECT * INTO STRICT v_room FROM game.rooms AS r WHERE r.room_id = p_room_id FOR UPDATE;
        END IF;
    END IF;
    IF v_room.outcome <> 'open' THEN
        RETURN v_room.decision::text;
    END IF;

    -- Stakes and refunds of this room wait for the room's row, so its live seats stand still from here on.  They are
    -- asked for by decided_at, not state: the planner would else walk the live seats of all rooms.
    SELECT coalesce(sum(s.amount), 0), coalesce(sum(s.amount) FILTER (WHERE k.rank IS NOT NULL), 0),
        (array_agg(s.user_id ORDER BY k.rank) FILTER (WHERE NOT k.blocked AND k.taps >= 1))[1]
    INTO v_staked, v_pool, v_winner_id
    FROM game.seats AS s
    LEFT JOIN game.ranking(p_result) AS k ON k.seat_id = s.seat_id AND k.user_id = s.user_id
    WHERE s.room_id = p_room_id AND s.decided_at IS NULL;
    SELECT coalesce(sum(e.amount), 0) INTO v_escrow FROM ledger.entries AS e WHERE e.account_id = v_room.escrow_id;
    IF v_escrow <> v_staked THEN
        RAISE EXCEPTION 'room % holds % but its live seats paid %', p_room_id, v_escrow, v_staked;
    END IF;
    IF p_result ->> 'outcome' IS DISTINCT FROM 'finished' THEN
        v_winner_id := NULL;
    END IF;

    IF v_winner_id IS NULL OR v_pool < v_staked THEN
        PERFORM FROM ledger.balances AS b
        WHERE b.user_id IN (SELECT s.user_id FROM game.seats AS s WHERE s.room_id = p_room_id AND s.decided_at IS NULL)
        ORDER BY b.account_id FOR NO KEY UPDATE;
    END IF;
    IF v_winner_id IS NOT NULL THEN
        v_fee := v_pool * v_room.house_fee_bps / 10000;
        v_prize := v_pool - v_fee;
        PERFORM ledger.post(
            'settle:' || p_room_id, 'settle', p_room_id, NULL,
            ARRAY[
                v_room.escrow_id,
                (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = v_winner_id),
                (SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = 'house' AND a.currency = 'XTR')
            ],
            ARRAY[-v_pool, v_prize, v_fee]
        );
    ELSE
        v_reason := coalesce(v_reason, 'nobody_tapped');
    END IF;
    IF v_winner_id IS NULL OR v_pool < v_staked THEN
        FOR v_seat IN
            SELECT s.seat_id, s.amount, b.account_id
            FROM game.seats AS s
            JOIN ledger.balances AS b USING (user_id)
            LEFT JOIN game.ranking(p_result) AS k ON k.seat_id = s.seat_id AND k.user_id = s.user_id
            WHERE s.room_id = p_room_id AND s.decided_at IS NULL AND (v_winner_id IS NULL OR k.rank IS NULL)
            ORDER BY b.account_id
        LOOP
            PERFORM ledger.post(
                'refund:' || v_seat.seat_id, 'refund', p_room_id, coalesce(v_reason, 'not_ranked'),
                ARRAY[v_room.escrow_id, v_seat.account_id], ARRAY[-v_seat.amount, v_seat.amount]
            );
        END LOOP;
    END IF;

    WITH paid AS (
        SELECT s.seat_id, s.user_id, s.amount, k.rank, k.taps, k.best, k.blocked,
            CASE WHEN NOT k.blocked THEN count(*) FILTER (WHERE NOT k.blocked) OVER (ORDER BY k.rank) END AS place
        FROM game.seats AS s
        LEFT JOIN game.ranking(p_result) AS k ON k.seat_id = s.seat_id AND k.user_id = s.user_id
        WHERE s.room_id = p_room_id AND s.decided_at IS NULL
    ), decided AS (
        UPDATE game.seats AS s
        SET state = CASE WHEN v_winner_id IS NULL OR paid.rank IS NULL THEN 'refunded' ELSE 'settled' END::game.seat_state,
            taps = paid.taps, best = paid.best, blocked = paid.blocked, place = paid.place,
            prize = CASE WHEN paid.user_id = v_winner_id THEN v_prize ELSE 0 END,
            decided_at = now()
        FROM paid WHERE s.seat_id = paid.seat_id
        RETURNING s.user_id, s.amount, s.state, s.prize, s.taps, s.best, s.place, paid.rank
    ), counted AS (
        INSERT INTO game.player_stats AS t (user_id, games, wins, won, best)
        SELECT d.user_id, 1, (d.user_id = v_winner_id)::int, d.prize, d.best
        FROM decided AS d WHERE d.state = 'settled' ORDER BY d.user_id
        ON CONFLICT (user_id) DO UPDATE SET
            games = t.games + 1,
            wins = t.wins + excluded.wins,
            won = t.won + excluded.won,
            best = greatest(t.best, excluded.best)
    )
    SELECT jsonb_build_object(
        'room_id', p_room_id,
        'outcome', CASE WHEN v_winner_id IS NULL THEN 'refunded' ELSE 'settled' END,
        'reason', CASE WHEN v_winner_id IS NULL THEN v_reason END,
        'winner', v_winner_id::text,
        'prize', v_prize,
        'standings', coalesce(jsonb_agg(
            jsonb_build_object('place', d.place, 'user_id', d.user_id::text, 'taps', d.taps, 'prize', d.prize)
            ORDER BY d.rank
        ) FILTER (WHERE d.rank IS NOT NULL), '[]'),
        'payouts', coalesce(jsonb_object_agg(
            d.user_id::text, CASE WHEN d.state = 'refunded' THEN d.amount ELSE d.prize END
        ) FILTER (WHERE d.user_id IS NOT NULL), '{}'),
        'balances', coalesce(jsonb_object_agg(d.user_id::text, b.balance) FILTER (WHERE d.user_id IS NOT NULL), '{}')
    )
    INTO v_decision
    FROM decided AS d JOIN ledger.balances AS b USING (user_id);

    UPDATE game.rooms AS r
    SET outcome = (v_decision ->> 'outcome')::game.room_outcome, reason = v_decision ->> 'reason', winner_id = v_winner_id,
        pool = CASE WHEN v_winner_id IS NOT NULL THEN v_pool END,
        prize = CASE WHEN v_winner_id IS NOT NULL THEN v_prize END,
        fee = v_fee, result = p_result, decision = v_decision, decided_at = now(), missing_since = NULL
    WHERE r.room_id = p_room_id;
    RETURN v_decision::text;
END
$function$;

COMMENT ON FUNCTION game.settle(text, jsonb) IS
    'Decides a room once, by its result; a repeat returns the decision. Ranked but unpaid seats are dropped, paid but unranked ones refunded; without a winner everything goes back.';

DROP FUNCTION game.day_won(jsonb, timestamptz);

CREATE FUNCTION game.seat(p_seat_id uuid)
    RETURNS TABLE (seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, age_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.seat_id = p_seat_id;
END;

COMMENT ON FUNCTION game.seat(uuid) IS 'One seat, whatever its state.';

CREATE FUNCTION game.live_seat(p_user_id bigint)
    RETURNS TABLE (seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, age_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live';
END;

COMMENT ON FUNCTION game.live_seat(bigint) IS 'The seat that binds the player now, if any.';

CREATE FUNCTION game.stale_live_seats(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, age_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s
    WHERE s.state = 'live' AND s.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY s.created_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.stale_live_seats(double precision, int) IS 'Live seats that are older than that, oldest first.';

CREATE FUNCTION game.open_rooms(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (
        room_id text, kind game.room_kind, stake bigint, live_seats bigint, age_s double precision, missing_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.room_id, r.kind, r.stake,
        -- Not a condition on the state: that would invite the index of all live seats, read once a room.
        (SELECT count(*) FILTER (WHERE s.state = 'live') FROM game.seats AS s WHERE s.room_id = r.room_id),
        extract(epoch FROM now() - r.created_at)::double precision,
        extract(epoch FROM now() - r.missing_since)::double precision
    FROM game.rooms AS r
    WHERE r.outcome = 'open' AND r.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY r.created_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.open_rooms(double precision, int) IS 'Rooms that are undecided and older than that, oldest first.';

CREATE FUNCTION game.audit() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sums AS (
        SELECT e.account_id, sum(e.amount) AS amount FROM ledger.entries AS e GROUP BY e.account_id
    ), escrows AS (
        SELECT a.room_id, coalesce(sums.amount, 0) AS amount
        FROM ledger.accounts AS a LEFT JOIN sums USING (account_id) WHERE a.kind = 'escrow'
    ), live AS (
        SELECT s.room_id, sum(s.amount) AS amount FROM game.seats AS s WHERE s.state = 'live' GROUP BY s.room_id
    )
    SELECT 'transfer_unbalanced', 'transfer ' || t.transfer_id, 'sums to ' || coalesce(sum(e.amount)::text, 'nothing')
    FROM ledger.transfers AS t LEFT JOIN ledger.entries AS e USING (transfer_id)
    GROUP BY t.transfer_id HAVING sum(e.amount) IS DISTINCT FROM 0
    UNION ALL
    SELECT 'ledger_unbalanced', 'ledger', 'all entries sum to ' || sum(sums.amount)
    FROM sums HAVING sum(sums.amount) <> 0
    UNION ALL
    SELECT 'balance_differs', 'user ' || a.user_id,
        'balance ' || coalesce(b.balance::text, 'missing') || ', entries ' || coalesce(sums.amount, 0)
    FROM ledger.accounts AS a LEFT JOIN ledger.balances AS b USING (account_id) LEFT JOIN sums USING (account_id)
    WHERE a.kind = 'player' AND b.balance IS DISTINCT FROM coalesce(sums.amount, 0)
    UNION ALL
    SELECT 'balance_negative', 'user ' || b.user_id, 'balance ' || b.balance
    FROM ledger.balances AS b WHERE b.balance < 0
    UNION ALL
    SELECT 'escrow_differs', 'room ' || r.room_id,
        'escrow ' || coalesce(escrows.amount::text, 'missing') || ', live seats ' || coalesce(live.amount, 0)
    FROM game.rooms AS r LEFT JOIN escrows USING (room_id) LEFT JOIN live USING (room_id)
    WHERE r.outcome = 'open' AND escrows.amount IS DISTINCT FROM coalesce(live.amount, 0)
    UNION ALL
    SELECT 'escrow_left', 'room ' || escrows.room_id, 'decided, escrow ' || escrows.amount
    FROM escrows LEFT JOIN game.rooms AS r USING (room_id)
    WHERE r.outcome IS DISTINCT FROM 'open' AND escrows.amount <> 0
    UNION ALL
    SELECT 'seat_live_after_decision', 'seat ' || s.seat_id, 'room ' || s.room_id || ' is ' || r.outcome
    FROM game.seats AS s JOIN game.rooms AS r USING (room_id) WHERE s.state = 'live' AND r.outcome <> 'open'
    UNION ALL
    SELECT 'decided_not_once', 'room ' || r.room_id, r.outcome || ', ' || count(t.transfer_id) || ' settlements'
    FROM game.rooms AS r LEFT JOIN ledger.transfers AS t ON t.room_id = r.room_id AND t.kind = 'settle'
    GROUP BY r.room_id HAVING count(t.transfer_id) <> (r.outcome = 'settled')::int
    UNION ALL
    SELECT 'prize_differs', 'room ' || r.room_id, 'seats paid ' || sum(s.amount) || ', pool ' || r.pool
        || ', prize ' || r.prize || ', prizes of seats ' || sum(s.prize)
    FROM game.rooms AS r JOIN game.seats AS s ON s.room_id = r.room_id AND s.state = 'settled'
    WHERE r.outcome = 'settled'
    GROUP BY r.room_id HAVING sum(s.amount) <> r.pool OR sum(s.prize) IS DISTINCT FROM r.prize
    UNION ALL
    SELECT 'seat_not_paid', 'seat ' || s.seat_id, 'stake of ' || s.amount || ' is not in the ledger'
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'stake:' || s.seat_id
    WHERE t.transfer_id IS NULL
    UNION ALL
    SELECT 'seat_refund_differs', 'seat ' || s.seat_id,
        s.state || CASE WHEN t.transfer_id IS NULL THEN ', no refund' ELSE ', refund in the ledger' END
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'refund:' || s.seat_id
    WHERE (s.state = 'refunded') <> (t.transfer_id IS NOT NULL);
END;

COMMENT ON FUNCTION game.audit() IS 'Everything that is wrong with the money at this moment; no rows: nothing is.';

GRANT EXECUTE ON FUNCTION game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision) TO ct_player;
GRANT EXECUTE ON FUNCTION
    game.seat(uuid), game.live_seat(bigint), game.stale_live_seats(double precision, int),
    game.open_rooms(double precision, int), game.audit()
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
