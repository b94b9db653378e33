-- What players forbid themselves: more than so many Stars of stakes a day, or any game until a moment.  Tighter holds at
-- once; looser waits a day, and until then the tighter holds.  It is asked in the transaction that takes the stake.
-- Locks: the key, the limits, the room, the seat, then balances.
-- depends: 0021.payments

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay, game TO ct_ledger;

CREATE TABLE pay.limits (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    daily_stars bigint CHECK (daily_stars >= 0),
    next_daily_stars bigint CHECK (next_daily_stars > daily_stars),
    next_daily_at timestamptz,
    excluded_until timestamptz,
    next_excluded_until timestamptz CHECK (next_excluded_until < excluded_until),
    next_excluded_at timestamptz,
    CHECK (next_daily_at IS NOT NULL OR next_daily_stars IS NULL),
    CHECK (next_excluded_at IS NOT NULL OR next_excluded_until IS NULL)
);

COMMENT ON TABLE pay.limits IS 'What players forbid themselves; no row: nothing.';
COMMENT ON COLUMN pay.limits.user_id IS 'The player.';
COMMENT ON COLUMN pay.limits.daily_stars IS 'Most Stars of stakes a day, UTC, less those that came back; null: no limit.';
COMMENT ON COLUMN pay.limits.next_daily_stars IS 'What it will be from next_daily_at; null: no limit.';
COMMENT ON COLUMN pay.limits.next_daily_at IS 'When the looser daily limit begins to hold; null: none waits.';
COMMENT ON COLUMN pay.limits.excluded_until IS 'No games until then; null: not excluded.';
COMMENT ON COLUMN pay.limits.next_excluded_until IS 'What it will be from next_excluded_at; null: not excluded.';
COMMENT ON COLUMN pay.limits.next_excluded_at IS 'When the shorter exclusion begins to hold; null: none waits.';

ALTER TABLE pay.limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.limits FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.limits
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.limits TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.limits IS 'Limits belong to the user they name.';
COMMENT ON POLICY money ON pay.limits IS 'Functions of money ask them of whoever stakes.';

GRANT SELECT, INSERT, UPDATE ON pay.limits TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.limits_at(p_limits pay.limits, p_now timestamptz) RETURNS pay.limits
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF p_limits.next_daily_at <= p_now THEN
        p_limits.daily_stars := p_limits.next_daily_stars;
        p_limits.next_daily_stars := NULL;
        p_limits.next_daily_at := NULL;
    END IF;
    IF p_limits.next_excluded_at <= p_now THEN
        p_limits.excluded_until := p_limits.next_excluded_until;
        p_limits.next_excluded_until := NULL;
        p_limits.next_excluded_at := NULL;
    END IF;
    IF p_limits.excluded_until <= p_now THEN
        p_limits.excluded_until := NULL;
        p_limits.next_excluded_until := NULL;
        p_limits.next_excluded_at := NULL;
    END IF;
    RETURN p_limits;
END
$function$;

COMMENT ON FUNCTION pay.limits_at(pay.limits, timestamptz) IS
    'Limits as they hold at a moment: what waited until then holds, what has ended is gone.';

CREATE FUNCTION pay.spent(p_user_id bigint, p_now timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH today (began) AS (SELECT date_trunc('day', p_now, 'UTC'))
    SELECT coalesce(sum(s.amount), 0)
    FROM (
        SELECT l.amount, l.created_at FROM game.seats AS l
        WHERE l.user_id = p_user_id AND l.state = 'live'
        UNION ALL
        -- What was paid today was decided today or later, and by that it is found.
        SELECT d.amount, d.created_at FROM game.seats AS d
        WHERE d.user_id = p_user_id AND d.decided_at IS NOT NULL
            AND d.decided_at >= (SELECT today.began FROM today) AND d.state <> 'refunded'
    ) AS s
    WHERE s.created_at >= (SELECT today.began FROM today)
        AND s.created_at < (SELECT today.began FROM today) + interval '24 hours';
END;

COMMENT ON FUNCTION pay.spent(bigint, timestamptz) IS
    'Stakes that a player paid on the UTC day of that moment, less those of them that came back.';

CREATE FUNCTION pay.stake_refusal(p_user_id bigint, p_stars bigint, p_now timestamptz) RETURNS bytea
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_limits pay.limits;
    v_spent bigint;
BEGIN
    -- Held until the stake is committed: who stakes twice at once, or tightens meanwhile, waits here.
    SELECT l.* INTO v_limits FROM pay.limits AS l WHERE l.user_id = p_user_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_limits := pay.limits_at(v_limits, p_now);
    IF v_limits.excluded_until IS NOT NULL THEN
        RETURN convert_to(jsonb_build_object(
            'limit', 'excluded', 'until_ms', (extract(epoch FROM v_limits.excluded_until) * 1000)::bigint
        )::text, 'UTF8');
    END IF;
    IF p_stars > 0 AND v_limits.daily_stars IS NOT NULL THEN
        v_spent := pay.spent(p_user_id, p_now);
        IF v_spent + p_stars > v_limits.daily_stars THEN
            RETURN convert_to(jsonb_build_object(
                'limit', 'daily', 'daily_stars', v_limits.daily_stars, 'spent_stars', v_spent,
                'until_ms', (extract(epoch FROM date_trunc('day', p_now, 'UTC') + interval '24 hours') * 1000)::bigint
            )::text, 'UTF8');
        END IF;
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION pay.stake_refusal(bigint, bigint, timestamptz) IS
    'Which limit of the player stands against such a stake (0: taking part without one), as JSON for the details of limit_reached; null: none.';

CREATE FUNCTION pay.my_limits(
    p_now timestamptz, OUT o_limits pay.limits, OUT o_spent bigint, OUT o_day_ends_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT pay.limits_at(l, coalesce(p_now, clock_timestamp())), pay.spent(c.user_id, coalesce(p_now, clock_timestamp())),
        date_trunc('day', coalesce(p_now, clock_timestamp()), 'UTC') + interval '24 hours'
    FROM (SELECT auth.claim()) AS c (user_id) LEFT JOIN pay.limits AS l ON l.user_id = c.user_id;
END;

COMMENT ON FUNCTION pay.my_limits(timestamptz) IS 'The claim''s user''s limits, what of today is spent, and when today ends; at that moment or, if null, now.';

CREATE FUNCTION pay.set_limits(p_daily_stars bigint, p_excluded_until timestamptz, p_now timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_user_id bigint := auth.claim();
    v_now timestamptz;
    v_old pay.limits;
    v_new pay.limits;
BEGIN
    IF v_user_id IS NULL THEN
        RAISE EXCEPTION 'nobody is named' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO pay.limits (user_id) VALUES (v_user_id) ON CONFLICT DO NOTHING;
    SELECT l.* INTO STRICT v_old FROM pay.limits AS l WHERE l.user_id = v_user_id FOR NO KEY UPDATE;
    -- After the wait for the row: a later moment than that of what was waited for.
    v_now := coalesce(p_now, clock_timestamp());
    v_old := pay.limits_at(v_old, v_now);
    v_new := v_old;
    p_excluded_until := CASE WHEN p_excluded_until > v_now THEN p_excluded_until END;

    IF coalesce(p_daily_stars <= v_old.daily_stars, v_old.daily_stars IS NULL) THEN
        v_new.daily_stars := p_daily_stars;
        v_new.next_daily_stars := NULL;
        v_new.next_daily_at := NULL;
    ELSE
        -- Less than what waits, but more than what holds: it has waited for as long.
        IF v_old.next_daily_at IS NULL
            OR NOT coalesce(p_daily_stars <= v_old.next_daily_stars, v_old.next_daily_stars IS NULL)
        THEN
            v_new.next_daily_at := v_now + interval '24 hours';
        END IF;
        v_new.next_daily_stars := p_daily_stars;
    END IF;

    IF coalesce(p_excluded_until >= v_old.excluded_until, v_old.excluded_until IS NULL) THEN
        v_new.excluded_until := p_excluded_until;
        v_new.next_excluded_until := NULL;
        v_new.next_excluded_at := NULL;
    ELSE
        IF v_old.next_excluded_at IS NULL
            OR NOT coalesce(p_excluded_until >= v_old.next_excluded_until, v_old.next_excluded_until IS NULL)
        THEN
            v_new.next_excluded_at := v_now + interval '24 hours';
        END IF;
        v_new.next_excluded_until := p_excluded_until;
        IF v_new.next_excluded_at >= v_new.excluded_until THEN
            v_new.next_excluded_until := NULL;
            v_new.next_excluded_at := NULL;
        END IF;
    END IF;

    UPDATE pay.limits AS l
    SET daily_stars = v_new.daily_stars, next_daily_stars = v_new.next_daily_stars, next_daily_at = v_new.next_daily_at,
        excluded_until = v_new.excluded_until, next_excluded_until = v_new.next_excluded_until,
        next_excluded_at = v_new.next_excluded_at
    WHERE l.user_id = v_user_id;
END
$function$;

COMMENT ON FUNCTION pay.set_limits(bigint, timestamptz, timestamptz) IS
    'The claim''s user''s wish: a daily limit or none, no games until a moment or not (one that is past is none). Tighter holds at once, looser in 24 hours; repeated, the wait does not begin anew.';

CREATE OR REPLACE FUNCTION pay.deposit_refusal(p_user_id bigint, p_stars bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE
        WHEN h.banned THEN 'banned'
        WHEN (pay.limits_at(l, clock_timestamp())).excluded_until IS NOT NULL THEN 'limit_reached'
    END
    FROM auth.hello(ARRAY[p_user_id]) AS h LEFT JOIN pay.limits AS l ON l.user_id = p_user_id;
END;

COMMENT ON FUNCTION pay.deposit_refusal(bigint, bigint) IS
    'What stands against a new payment of that user, as a code; null: nothing. Who is excluded from games pays nothing in. Asked before Telegram or the chain takes anything, never after.';


CREATE OR REPLACE FUNCTION game.stake(
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
    v_limited boolean;
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
        SELECT a.banned_at IS NOT NULL, u.name, u.photo_url, b.account_id, b.balance, s.room_id, l.user_id IS NOT NULL
        INTO STRICT v_banned, o_name, o_photo_url, v_account_id, o_balance, v_other_room_id, v_limited
        FROM auth.users AS a
        JOIN public.users AS u USING (user_id)
        JOIN ledger.balances AS b USING (user_id)
        LEFT JOIN game.seats AS s ON s.user_id = a.user_id AND s.state = 'live'
        LEFT JOIN pay.limits AS l ON l.user_id = a.user_id
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
            o_answer := pay.stake_refusal(p_user_id, p_amount, clock_timestamp());
            IF o_answer IS NOT NULL THEN
                o_status := 'limit_reached';
                EXIT attempt;
            END IF;
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

CREATE OR REPLACE FUNCTION game.organize(
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
    o_answer := pay.stake_refusal(p_user_id, 0, clock_timestamp());
    IF v_banned THEN
        o_status := 'banned';
    ELSIF v_other_room_id IS NOT NULL THEN
        o_room_id := v_other_room_id;
        o_status := 'already_in_room';
    ELSIF o_answer IS NOT NULL THEN
        o_status := 'limit_reached';
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

GRANT EXECUTE ON FUNCTION pay.my_limits(timestamptz), pay.set_limits(bigint, timestamptz, timestamptz) TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay, game FROM ct_ledger;
RESET ROLE;
