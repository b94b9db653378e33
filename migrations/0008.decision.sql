-- The one decision about a room's stakes: a winner takes the pool, or everything goes back.
-- depends: 0007.stake-and-refund

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA game TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.ranking(p_result jsonb)
    RETURNS TABLE (rank bigint, seat_id uuid, user_id bigint, taps int, best int, blocked boolean)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.n, (e.seat ->> 'seat_id')::uuid, (e.seat ->> 'user_id')::bigint, coalesce((e.seat ->> 'taps')::int, 0),
        coalesce((e.seat ->> 'best')::int, 0), coalesce((e.seat ->> 'blocked')::boolean, false)
    FROM jsonb_array_elements(p_result -> 'seats') WITH ORDINALITY AS e (seat, n);
END;

COMMENT ON FUNCTION game.ranking(jsonb) IS 'The seats of a result, in the order that Redis ranked them.';

CREATE FUNCTION game.settle(p_room_id text, p_result jsonb) RETURNS text
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

CREATE FUNCTION game.void(p_room_id text, p_reason text) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN game.settle(p_room_id, jsonb_build_object(
        'room_id', p_room_id, 'outcome', 'cancelled', 'reason', p_reason, 'seats', '[]'::jsonb
    ));

COMMENT ON FUNCTION game.void(text, text) IS 'Decides a room by giving every stake back.';

GRANT EXECUTE ON FUNCTION game.settle(text, jsonb), game.void(text, text) TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
