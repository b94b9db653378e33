-- What leaderboards are made of, read by the system, and the history of games, read by each player for itself.
-- depends: 0011.hero-rooms

SET LOCAL ROLE ct_owner;

CREATE INDEX daily_wins_by_change ON game.daily_wins (updated_at, day, user_id);
CREATE INDEX seats_decided_of_user ON game.seats (user_id, decided_at, seat_id) WHERE decided_at IS NOT NULL;
-- Entries come in the order of their transfers, so this costs the writers next to nothing.
CREATE INDEX entries_of_transfer ON ledger.entries USING brin (transfer_id)
    WITH (pages_per_range = 32, autosummarize = on);

GRANT CREATE ON SCHEMA game TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.board_changes(p_since_us bigint, p_after_day date, p_after_user_id bigint, p_limit int)
    RETURNS TABLE (at_us bigint, day date, user_id bigint, day_won bigint, week_won bigint, all_won bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT (extract(epoch FROM w.updated_at) * 1000000)::bigint, w.day, w.user_id, w.won,
        (
            SELECT sum(d.won)::bigint
            FROM generate_series(1, 7) AS n (isodow)
            JOIN game.daily_wins AS d ON d.day = w.day - extract(isodow FROM w.day)::int + n.isodow AND d.user_id = w.user_id
        ),
        p.won
    FROM game.daily_wins AS w JOIN game.player_stats AS p USING (user_id)
    WHERE (w.updated_at, w.day, w.user_id)
        > (to_timestamp(p_since_us / 1000000.0), coalesce(p_after_day, '-infinity'), coalesce(p_after_user_id, 0))
    ORDER BY w.updated_at, w.day, w.user_id
    LIMIT p_limit;
END;

COMMENT ON FUNCTION game.board_changes(bigint, date, bigint, int) IS
    'Players whose sum of a day changed since, in the order of the changes, with what they have won by now in that day, in its week and of all time.';

CREATE FUNCTION game.board_sums(p_first date, p_last date, p_after_user_id bigint, p_limit int)
    RETURNS TABLE (user_id bigint, won bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    -- In the order of the key and no further than asked, also while the planner takes the table for small.
    SET enable_seqscan = off SET enable_bitmapscan = off AS
$function$
BEGIN
    IF p_first IS NULL THEN
        RETURN QUERY
            SELECT p.user_id, p.won FROM game.player_stats AS p
            WHERE p.user_id > p_after_user_id AND p.won > 0
            ORDER BY p.user_id LIMIT p_limit;
        RETURN;
    END IF;
    -- Each day gives its next players: the first of them all have every one of their days among these.
    RETURN QUERY
        SELECT heads.user_id, sum(heads.won)::bigint
        FROM generate_series(0, p_last - p_first) AS n (days), LATERAL (
            SELECT w.user_id, w.won FROM game.daily_wins AS w
            WHERE w.day = p_first + n.days AND w.user_id > p_after_user_id
            ORDER BY w.user_id LIMIT p_limit
        ) AS heads
        GROUP BY heads.user_id ORDER BY heads.user_id LIMIT p_limit;
END
$function$;

COMMENT ON FUNCTION game.board_sums(date, date, bigint, int) IS
    'What players have won in these days (nulls: of all time), by user id, some at a time.';

CREATE FUNCTION game.board_standing(p_first date, p_last date, p_limit int, p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, won bigint, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RETURN QUERY
        WITH sums AS (
            SELECT p.user_id, p.won FROM game.player_stats AS p WHERE p_first IS NULL AND p.won > 0
            UNION ALL
            SELECT w.user_id, sum(w.won)::bigint FROM game.daily_wins AS w
            WHERE w.day BETWEEN p_first AND p_last GROUP BY w.user_id
        ), ranked AS (
            SELECT s.user_id, s.won, rank() OVER (ORDER BY s.won DESC) AS place,
                row_number() OVER (ORDER BY s.won DESC, s.user_id DESC) AS line
            FROM sums AS s
        )
        SELECT r.user_id, r.won, r.place FROM ranked AS r
        WHERE r.line <= p_limit OR r.user_id = ANY (p_user_ids) ORDER BY r.line;
END
$function$;

COMMENT ON FUNCTION game.board_standing(date, date, int, bigint[]) IS
    'The first players of these days (nulls: of all time) and the named ones, with their places. Reads every sum.';

GRANT EXECUTE ON FUNCTION
    game.board_changes(bigint, date, bigint, int),
    game.board_sums(date, date, bigint, int),
    game.board_standing(date, date, int, bigint[])
TO ct_settler;

CREATE FUNCTION game.my_games(p_before_us bigint, p_before_seat_id uuid, p_room_id text, p_limit int)
    RETURNS TABLE (
        decided_us bigint, seat_id uuid, room_id text, kind game.room_kind, organizes boolean,
        organizer_id bigint, outcome game.room_outcome, reason text, stake bigint, pool bigint, prize bigint, winner_id bigint, players bigint,
        place int, taps int, best int, blocked boolean, payout bigint,
        balance bigint, starts_ms bigint, ended_ms bigint
    )
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_before timestamptz := coalesce(to_timestamp(p_before_us / 1000000.0), 'infinity');
    v_before_seat_id uuid := coalesce(p_before_seat_id, '00000000-0000-0000-0000-000000000000');
BEGIN
    -- A game is a seat that was decided with its room.  One that was given back before, and paid anew perhaps, is none.
    IF p_room_id IS NOT NULL THEN
        SELECT s.decided_at + interval '1 microsecond' INTO v_before
        FROM game.seats AS s JOIN game.rooms AS r ON r.room_id = s.room_id AND r.decided_at = s.decided_at
        WHERE s.room_id = p_room_id AND s.user_id = auth.claim();
    END IF;
    RETURN QUERY
        SELECT (extract(epoch FROM s.decided_at) * 1000000)::bigint, s.seat_id, s.room_id, r.kind, s.organizes,
            r.organizer_id, r.outcome, r.reason::text, r.stake, r.pool, r.prize, r.winner_id,
            (
                SELECT count(*) FROM game.seats AS o
                WHERE o.room_id = s.room_id AND o.decided_at = r.decided_at AND NOT o.organizes
            ),
            s.place, s.taps, s.best, s.blocked,
            (r.decision -> 'payouts' ->> s.user_id::text)::bigint, (r.decision -> 'balances' ->> s.user_id::text)::bigint,
            (r.result ->> 'starts_ms')::bigint,
            least((r.result ->> 'ends_ms')::bigint, (r.result ->> 'finished_ms')::bigint)
        FROM game.seats AS s JOIN game.rooms AS r ON r.room_id = s.room_id AND r.decided_at = s.decided_at
        WHERE s.user_id = auth.claim() AND s.decided_at IS NOT NULL
            AND (s.decided_at, s.seat_id) < (v_before, v_before_seat_id)
            AND (p_room_id IS NULL OR s.room_id = p_room_id)
        ORDER BY s.decided_at DESC, s.seat_id DESC
        LIMIT p_limit;
END
$function$;

COMMENT ON FUNCTION game.my_games(bigint, uuid, text, int) IS
    'Games of the claim''s user that were decided, organized ones included, newest first, below a seat; or the one of a room.';

CREATE FUNCTION game.my_game_standings(p_room_id text)
    RETURNS TABLE (
        place int, user_id bigint, name text, photo_url text, taps int, best int, blocked boolean, prize bigint
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT o.place, o.user_id, u.name, u.photo_url, o.taps, o.best, o.blocked, o.prize
    FROM game.rooms AS r
    JOIN jsonb_array_elements(r.decision -> 'standings') WITH ORDINALITY AS line (seat, n) ON true
    JOIN game.seats AS o ON o.room_id = r.room_id AND o.decided_at = r.decided_at
        AND o.user_id = (line.seat ->> 'user_id')::bigint
    JOIN public.users AS u ON u.user_id = o.user_id
    WHERE r.room_id = p_room_id AND EXISTS (
        SELECT FROM game.seats AS s
        WHERE s.room_id = r.room_id AND s.decided_at = r.decided_at AND s.user_id = auth.claim()
    )
    ORDER BY line.n;
END;

COMMENT ON FUNCTION game.my_game_standings(text) IS 'The recorded standings of a game, for those who were in it.';

CREATE FUNCTION game.my_game_transfers(p_room_id text)
    RETURNS TABLE (
        transfer_id bigint, kind ledger.transfer_kind, reason text, amount bigint, balance_after bigint, created_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT t.transfer_id, t.kind, t.reason, e.amount, e.balance_after, t.created_at
    FROM ledger.transfers AS t
    JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id
        AND e.account_id = (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = auth.claim())
    WHERE t.key = ANY ((
        SELECT array_agg(k.key)
        FROM game.seats AS s, LATERAL (
            VALUES ('stake:' || s.seat_id), ('refund:' || s.seat_id), ('settle:' || s.room_id)
        ) AS k (key)
        WHERE s.room_id = p_room_id AND s.user_id = auth.claim()
    )::text[])
    ORDER BY e.entry_id;
END;

COMMENT ON FUNCTION game.my_game_transfers(text) IS 'What a room took from and gave to the claim''s user, in order.';

GRANT EXECUTE ON FUNCTION
    game.my_games(bigint, uuid, text, int), game.my_game_standings(text), game.my_game_transfers(text)
TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
