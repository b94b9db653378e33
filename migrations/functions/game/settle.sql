SET LOCAL ROLE ct_ledger;

-- The one decision about a room's stakes: a winner takes the pool, or everything goes back.
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
        VALUES (
            p_room_id, CASE p_result ->> 'kind' WHEN 'hero' THEN 'hero' ELSE 'standard' END::game.room_kind,
            'refunded', now(), '{}'
        ) ON CONFLICT DO NOTHING;
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
    LEFT JOIN game.ranking(p_result) AS k ON k.seat_id = s.seat_id AND k.user_id = s.user_id AND NOT s.organizes
    WHERE s.room_id = p_room_id AND s.decided_at IS NULL;
    SELECT coalesce(sum(e.amount), 0) INTO v_escrow FROM ledger.entries AS e WHERE e.account_id = v_room.escrow_id;
    IF v_escrow <> v_staked THEN
        RAISE EXCEPTION 'room % holds % but its live seats paid %', p_room_id, v_escrow, v_staked;
    END IF;
    IF p_result ->> 'outcome' IS DISTINCT FROM 'finished' THEN
        v_winner_id := NULL;
    END IF;

    -- More than one player's balance changes.
    IF v_winner_id IS NULL OR v_pool < v_staked OR v_room.organizer_id IS NOT NULL THEN
        PERFORM FROM ledger.balances AS b
        WHERE b.user_id IN (SELECT s.user_id FROM game.seats AS s WHERE s.room_id = p_room_id AND s.decided_at IS NULL)
        ORDER BY b.account_id FOR NO KEY UPDATE;
    END IF;
    IF v_winner_id IS NOT NULL THEN
        v_fee := v_pool * v_room.fee_bps / 10000;
        v_prize := v_pool - v_fee;
        PERFORM ledger.post(
            'settle:' || p_room_id, 'settle', p_room_id, NULL,
            ARRAY[
                v_room.escrow_id,
                (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = v_winner_id),
                CASE WHEN v_room.organizer_id IS NULL
                    THEN (SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = 'house' AND a.currency = 'XTR')
                    ELSE (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = v_room.organizer_id)
                END
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
            WHERE s.room_id = p_room_id AND s.decided_at IS NULL AND NOT s.organizes
                AND (v_winner_id IS NULL OR k.rank IS NULL)
            ORDER BY b.account_id
        LOOP
            PERFORM ledger.post(
                'refund:' || v_seat.seat_id, 'refund', p_room_id, coalesce(v_reason, 'not_ranked'),
                ARRAY[v_room.escrow_id, v_seat.account_id], ARRAY[-v_seat.amount, v_seat.amount]
            );
        END LOOP;
    END IF;

    WITH taken AS (
        SELECT s.seat_id, s.user_id, s.organizes, k.rank, k.taps, k.best, k.blocked,
            CASE WHEN NOT k.blocked THEN count(*) FILTER (WHERE NOT k.blocked) OVER (ORDER BY k.rank) END AS place
        FROM game.seats AS s
        LEFT JOIN game.ranking(p_result) AS k ON k.seat_id = s.seat_id AND k.user_id = s.user_id AND NOT s.organizes
        WHERE s.room_id = p_room_id AND s.decided_at IS NULL
    ), decided AS (
        UPDATE game.seats AS s
        SET state = CASE
                WHEN v_winner_id IS NULL OR (taken.rank IS NULL AND NOT taken.organizes) THEN 'refunded' ELSE 'settled'
            END::game.seat_state,
            taps = taken.taps, best = taken.best, blocked = taken.blocked, place = taken.place,
            prize = CASE WHEN taken.user_id = v_winner_id THEN v_prize ELSE 0 END,
            decided_at = now()
        FROM taken WHERE s.seat_id = taken.seat_id
        RETURNING s.user_id, s.amount, s.organizes, s.state, s.prize, s.taps, s.best, s.place, taken.rank
    ), counted AS (
        INSERT INTO game.player_stats AS t (user_id, games, wins, won, best)
        SELECT d.user_id, 1, (d.user_id = v_winner_id)::int, d.prize, d.best
        FROM decided AS d WHERE d.state = 'settled' AND NOT d.organizes ORDER BY d.user_id
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
            d.user_id::text,
            CASE WHEN d.state = 'refunded' THEN d.amount WHEN d.organizes THEN v_fee ELSE d.prize END
        ) FILTER (WHERE d.user_id IS NOT NULL), '{}'),
        'balances', coalesce(jsonb_object_agg(d.user_id::text, b.balance) FILTER (WHERE d.user_id IS NOT NULL), '{}')
    )
    INTO v_decision
    FROM decided AS d JOIN ledger.balances AS b USING (user_id);

    IF v_prize > 0 THEN
        INSERT INTO game.daily_wins AS t (day, user_id, won)
        VALUES (game.day_won(p_result, now()), v_winner_id, v_prize)
        ON CONFLICT (day, user_id) DO UPDATE SET won = t.won + excluded.won, updated_at = excluded.updated_at;
    END IF;

    UPDATE game.rooms AS r
    SET outcome = (v_decision ->> 'outcome')::game.room_outcome, reason = v_decision ->> 'reason', winner_id = v_winner_id,
        pool = CASE WHEN v_winner_id IS NOT NULL THEN v_pool END,
        prize = CASE WHEN v_winner_id IS NOT NULL THEN v_prize END,
        fee = v_fee, result = p_result, decision = v_decision, decided_at = now(), missing_since = NULL
    WHERE r.room_id = p_room_id;
    RETURN v_decision::text;
END
$function$;

COMMENT ON FUNCTION game.settle IS
    'Decides a room once, by its result; a repeat returns the decision. Ranked but unpaid seats are dropped, paid but unranked ones refunded; without a winner everything goes back. The fee goes to the organizer, where there is one, else to the house.';
GRANT EXECUTE ON FUNCTION game.settle TO ct_seats;
