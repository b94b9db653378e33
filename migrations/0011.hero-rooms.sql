-- Hero rooms.  An organizer makes the room free of charge, watches, and gets a part of the pool when it is settled.  The
-- organizer's seat costs nothing and counts nowhere, but it is live: the index of live seats stays the one-room rule.
-- Also what was won a day, for the leaderboards.
-- depends: 0010.audit

SET LOCAL ROLE ct_owner;

ALTER TABLE game.rooms RENAME COLUMN house_fee_bps TO fee_bps;
ALTER TABLE game.rooms RENAME CONSTRAINT rooms_house_fee_bps_check TO rooms_fee_bps_check;
ALTER TABLE game.rooms
    ADD COLUMN organizer_id bigint REFERENCES public.users,
    ADD COLUMN target int CHECK (target > 0),
    ADD CONSTRAINT rooms_stake_check CHECK (stake > 0),
    -- A hero room that Redis knew and Postgres never did is decided without its organizer.
    ADD CONSTRAINT rooms_organizer_check CHECK (
        CASE kind WHEN 'hero' THEN organizer_id IS NOT NULL OR stake IS NULL ELSE organizer_id IS NULL END
    );

COMMENT ON COLUMN game.rooms.fee_bps IS 'Hundredths of a per cent of the pool that are not the winner''s: the house''s in a standard room, the organizer''s in a hero room. Fixed when the room was made.';
COMMENT ON COLUMN game.rooms.fee IS 'What the house or the organizer kept, in Stars.';
COMMENT ON COLUMN game.rooms.organizer_id IS 'Who made a hero room and gets its fee; null: a standard room, or one that ended before Postgres heard of it.';
COMMENT ON COLUMN game.rooms.target IS 'Taps that end the game at once; null: only time does.';
COMMENT ON COLUMN game.rooms.created_at IS 'When the first stake came, or the organizer made it.';
COMMENT ON TABLE game.rooms IS 'A room for which somebody paid, or that an organizer made, and the one decision about its stakes.';

ALTER TABLE game.seats
    ADD COLUMN organizes boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT seats_amount_check,
    ADD CONSTRAINT seats_amount_check CHECK (amount >= 0 AND (amount = 0) = organizes);
CREATE UNIQUE INDEX seats_one_organizer_of_room ON game.seats (room_id) WHERE organizes;

COMMENT ON TABLE game.seats IS 'One paid attempt to sit in a room, or the organizer''s place in it; leaving and coming back makes another.';
COMMENT ON COLUMN game.seats.organizes IS 'The organizer''s: without a stake, decided with the room, not part of the game.';
COMMENT ON COLUMN game.seats.amount IS 'The stake, in Stars; 0 exactly for the organizer.';
COMMENT ON COLUMN game.seats.prize IS 'Stars won; the organizer''s part is the room''s fee.';
COMMENT ON COLUMN game.seats.created_at IS 'When the stake was paid, or the room made.';

CREATE TABLE game.daily_wins (
    day date NOT NULL,
    user_id bigint NOT NULL REFERENCES public.users,
    won bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (day, user_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE game.daily_wins IS 'Prizes of a player a day, written by the settlement; leaderboards are made of it.';
COMMENT ON COLUMN game.daily_wins.day IS 'The day on which the games ended, UTC.';
COMMENT ON COLUMN game.daily_wins.user_id IS 'The player.';
COMMENT ON COLUMN game.daily_wins.won IS 'Prizes of the day, in Stars.';
COMMENT ON COLUMN game.daily_wins.updated_at IS 'When the last prize was added; it may become visible a little later.';

GRANT SELECT, INSERT, UPDATE (won, updated_at) ON game.daily_wins TO ct_ledger;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.day_won(p_result jsonb, p_decided_at timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE
    RETURN (
        -- The result is written a second of grace after the end, or as soon as the target is reached.
        coalesce(
            to_timestamp(
                least((p_result ->> 'ends_ms')::double precision, (p_result ->> 'finished_ms')::double precision) / 1000
            ),
            p_decided_at
        ) AT TIME ZONE 'UTC'
    )::date;

COMMENT ON FUNCTION game.day_won(jsonb, timestamptz) IS 'The day a prize counts for: when the game ended, by its result, else when it was decided.';

INSERT INTO game.daily_wins (day, user_id, won)
SELECT game.day_won(r.result, r.decided_at), r.winner_id, sum(r.prize)
FROM game.rooms AS r WHERE r.outcome = 'settled' AND r.prize > 0
GROUP BY 1, 2;

CREATE FUNCTION game.retake_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    p_room_id text, p_seat_id uuid,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_answer bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    SELECT k.o_status, k.o_room_id, k.o_seat_id, k.o_answer INTO o_status, o_room_id, o_seat_id, o_answer
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

COMMENT ON FUNCTION game.retake_key(bigint, text, text, bytea, double precision, text, uuid) IS
    'What a key that is there already stands for; one whose attempt left nothing behind (vacant) is taken for this seat.';

DROP FUNCTION game.open_room(text, game.room_kind, bigint, int, int);

CREATE FUNCTION game.open_room(
    p_room_id text, p_kind game.room_kind, p_stake bigint, p_capacity int, p_fee_bps int, p_organizer_id bigint, p_target int
) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO ledger.accounts (kind, room_id) VALUES ('escrow', p_room_id) ON CONFLICT DO NOTHING;
    INSERT INTO game.rooms (room_id, kind, stake, capacity, fee_bps, escrow_id, organizer_id, target)
    SELECT p_room_id, p_kind, p_stake, p_capacity, p_fee_bps, a.account_id, p_organizer_id, p_target
    FROM ledger.accounts AS a WHERE a.kind = 'escrow' AND a.room_id = p_room_id
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION game.open_room(text, game.room_kind, bigint, int, int, bigint, int) IS
    'Makes the room and its escrow, if they are not there; false: the room was.';

DROP FUNCTION game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision);

CREATE FUNCTION game.stake(
    p_user_id bigint, p_room_id text, p_seat_id uuid, p_amount bigint, p_kind game.room_kind, p_capacity int,
    p_fee_bps int, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
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

        SELECT r.outcome, r.kind, r.stake, r.escrow_id INTO v_room
        FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        IF NOT FOUND THEN
            -- Only its organizer makes a hero room.
            IF p_kind = 'hero' THEN
                o_status := 'room_closed';
                EXIT attempt;
            END IF;
            PERFORM game.open_room(p_room_id, p_kind, p_amount, p_capacity, p_fee_bps, NULL, NULL);
            SELECT r.outcome, r.kind, r.stake, r.escrow_id INTO STRICT v_room
            FROM game.rooms AS r WHERE r.room_id = p_room_id FOR KEY SHARE;
        END IF;
        IF v_room.outcome <> 'open' THEN
            o_status := 'room_closed';
            EXIT attempt;
        END IF;
        IF v_room.kind <> p_kind OR v_room.stake <> p_amount THEN
            RAISE EXCEPTION 'room % is % for %, not % for %', p_room_id, v_room.kind, v_room.stake, p_kind, p_amount;
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

CREATE FUNCTION game.organize(
    p_user_id bigint, p_room_id text, p_seat_id uuid, p_stake bigint, p_capacity int, p_fee_bps int, p_target int,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_room_id text, OUT o_seat_id uuid, OUT o_balance bigint,
    OUT o_name text, OUT o_photo_url text, OUT o_answer bytea
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
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
        FROM game.retake_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_room_id, p_seat_id) AS k;
        IF o_status <> 'vacant' THEN
            RETURN;
        END IF;
    END IF;
    o_room_id := p_room_id;
    o_seat_id := p_seat_id;

    SELECT a.banned_at IS NOT NULL, u.name, u.photo_url, b.balance, s.room_id
    INTO STRICT v_banned, o_name, o_photo_url, o_balance, v_other_room_id
    FROM auth.users AS a
    JOIN public.users AS u USING (user_id)
    JOIN ledger.balances AS b USING (user_id)
    LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
    WHERE a.user_id = p_user_id;
    IF v_banned THEN
        o_status := 'banned';
    ELSIF v_other_room_id IS NOT NULL THEN
        o_room_id := v_other_room_id;
        o_status := 'already_in_room';
    ELSIF EXISTS (SELECT FROM game.seats AS s WHERE s.seat_id = p_seat_id)
        OR NOT game.open_room(p_room_id, 'hero', p_stake, p_capacity, p_fee_bps, p_user_id, nullif(p_target, 0))
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

COMMENT ON FUNCTION game.organize(bigint, text, uuid, bigint, int, int, int, text, text, bytea, double precision) IS
    'Makes a hero room and seats its organizer, free of charge, once for a key. The claim must be the organizer''s.';

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
    SELECT s.state, s.amount, s.organizes INTO v_seat FROM game.seats AS s WHERE s.seat_id = p_seat_id FOR NO KEY UPDATE;
    IF v_seat.state = 'live' AND v_seat.organizes THEN
        RAISE EXCEPTION 'seat % holds no stake: it is decided with room %', p_seat_id, o_room_id;
    ELSIF v_seat.state = 'live' THEN
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

COMMENT ON FUNCTION game.settle(text, jsonb) IS
    'Decides a room once, by its result; a repeat returns the decision. Ranked but unpaid seats are dropped, paid but unranked ones refunded; without a winner everything goes back. The fee goes to the organizer, where there is one, else to the house.';

DROP FUNCTION game.seat(uuid);
DROP FUNCTION game.live_seat(bigint);
DROP FUNCTION game.stale_live_seats(double precision, int);

CREATE FUNCTION game.seat(p_seat_id uuid)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.seat_id = p_seat_id;
END;

COMMENT ON FUNCTION game.seat(uuid) IS 'One seat, whatever its state.';

CREATE FUNCTION game.live_seat(p_user_id bigint)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live';
END;

COMMENT ON FUNCTION game.live_seat(bigint) IS 'The seat that binds the player or organizer now, if any.';

CREATE FUNCTION game.stale_live_seats(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (
        seat_id uuid, room_id text, user_id bigint, amount bigint, state game.seat_state, organizes boolean,
        age_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.seat_id, s.room_id, s.user_id, s.amount, s.state, s.organizes,
        extract(epoch FROM now() - s.created_at)::double precision
    FROM game.seats AS s
    WHERE s.state = 'live' AND NOT s.organizes AND s.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY s.created_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.stale_live_seats(double precision, int) IS 'Live seats with a stake that are older than that, oldest first.';

CREATE OR REPLACE FUNCTION game.open_rooms(p_older_than_s double precision, p_limit int)
    RETURNS TABLE (
        room_id text, kind game.room_kind, stake bigint, live_seats bigint, age_s double precision, missing_s double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.room_id, r.kind, r.stake,
        -- Not a condition on the state: that would invite the index of all live seats, read once a room.
        (SELECT count(*) FILTER (WHERE s.state = 'live' AND NOT s.organizes) FROM game.seats AS s WHERE s.room_id = r.room_id),
        extract(epoch FROM now() - r.created_at)::double precision,
        extract(epoch FROM now() - r.missing_since)::double precision
    FROM game.rooms AS r
    WHERE r.outcome = 'open' AND r.created_at <= now() - make_interval(secs => p_older_than_s)
    ORDER BY r.created_at LIMIT p_limit;
END;

CREATE OR REPLACE FUNCTION game.audit() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sums AS (
        SELECT e.account_id, sum(e.amount) AS amount FROM ledger.entries AS e GROUP BY e.account_id
    ), escrows AS (
        SELECT a.room_id, coalesce(sums.amount, 0) AS amount
        FROM ledger.accounts AS a LEFT JOIN sums USING (account_id) WHERE a.kind = 'escrow'
    ), live AS (
        SELECT s.room_id, sum(s.amount) AS amount FROM game.seats AS s WHERE s.state = 'live' GROUP BY s.room_id
    ), played AS (
        SELECT s.user_id, s.prize, r.winner_id, game.day_won(r.result, r.decided_at) AS day
        FROM game.seats AS s JOIN game.rooms AS r USING (room_id)
        WHERE s.state = 'settled' AND NOT s.organizes
    ), owed AS (
        -- Who has to get what of a pool; the house is user 0.
        SELECT r.room_id, r.winner_id AS user_id, r.prize AS amount FROM game.rooms AS r
        WHERE r.outcome = 'settled' AND r.prize <> 0
        UNION ALL
        SELECT r.room_id, coalesce(r.organizer_id, 0), r.fee FROM game.rooms AS r
        WHERE r.outcome = 'settled' AND r.fee <> 0
    ), got AS (
        SELECT t.room_id, coalesce(a.user_id, 0) AS user_id, sum(e.amount) AS amount
        FROM ledger.transfers AS t JOIN ledger.entries AS e USING (transfer_id) JOIN ledger.accounts AS a USING (account_id)
        WHERE t.kind = 'settle' AND a.kind <> 'escrow'
        GROUP BY t.room_id, coalesce(a.user_id, 0)
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
    SELECT 'fee_differs', 'room ' || r.room_id, 'fee ' || r.fee || ' of ' || r.pool || ' at ' || r.fee_bps || ' bps'
    FROM game.rooms AS r WHERE r.outcome = 'settled' AND r.fee IS DISTINCT FROM r.pool * r.fee_bps / 10000
    UNION ALL
    SELECT 'payout_differs', 'room ' || room_id,
        'user ' || user_id || ' got ' || coalesce(got.amount, 0) || ' of the pool instead of ' || coalesce(owed.amount, 0)
    FROM owed FULL JOIN got USING (room_id, user_id)
    WHERE owed.amount IS DISTINCT FROM got.amount
    UNION ALL
    SELECT 'organizer_differs', 'room ' || r.room_id,
        'organizer ' || coalesce(r.organizer_id::text, 'nobody') || ', seats ' || count(s.seat_id)
    FROM game.rooms AS r LEFT JOIN game.seats AS s ON s.room_id = r.room_id AND s.organizes
    GROUP BY r.room_id
    HAVING count(s.seat_id) <> (r.organizer_id IS NOT NULL)::int OR bool_or(s.user_id <> r.organizer_id)
    UNION ALL
    SELECT 'organizer_paid', 'seat ' || s.seat_id, 'a seat without a stake has transfer ' || t.transfer_id
    FROM game.seats AS s JOIN ledger.transfers AS t ON t.key IN ('stake:' || s.seat_id, 'refund:' || s.seat_id)
    WHERE s.organizes
    UNION ALL
    SELECT 'daily_wins_differ', 'user ' || user_id,
        coalesce(w.won, 0) || ' kept for ' || day || ', prizes ' || coalesce(p.won, 0)
    FROM game.daily_wins AS w FULL JOIN (
        SELECT played.day, played.user_id, sum(played.prize) AS won FROM played
        WHERE played.prize > 0 GROUP BY played.day, played.user_id
    ) AS p USING (day, user_id)
    WHERE w.won IS DISTINCT FROM p.won
    UNION ALL
    SELECT 'stats_differ', 'user ' || user_id,
        format('%s games, %s won, %s Stars kept; %s, %s, %s played', t.games, t.wins, t.won, p.games, p.wins, p.won)
    FROM game.player_stats AS t FULL JOIN (
        SELECT played.user_id, count(*) AS games, count(*) FILTER (WHERE played.user_id = played.winner_id) AS wins,
            sum(played.prize) AS won
        FROM played GROUP BY played.user_id
    ) AS p USING (user_id)
    WHERE (t.games, t.wins, t.won) IS DISTINCT FROM (p.games, p.wins, p.won)
    UNION ALL
    SELECT 'seat_not_paid', 'seat ' || s.seat_id, 'stake of ' || s.amount || ' is not in the ledger'
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'stake:' || s.seat_id
    WHERE t.transfer_id IS NULL AND NOT s.organizes
    UNION ALL
    SELECT 'seat_refund_differs', 'seat ' || s.seat_id,
        s.state || CASE WHEN t.transfer_id IS NULL THEN ', no refund' ELSE ', refund in the ledger' END
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'refund:' || s.seat_id
    WHERE (s.state = 'refunded') <> (t.transfer_id IS NOT NULL) AND NOT s.organizes;
END;

GRANT EXECUTE ON FUNCTION
    game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision),
    game.organize(bigint, text, uuid, bigint, int, int, int, text, text, bytea, double precision)
TO ct_player;
GRANT EXECUTE ON FUNCTION game.seat(uuid), game.live_seat(bigint), game.stale_live_seats(double precision, int) TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
