SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_games(p_before_us bigint, p_before_seat_id uuid, p_room_id text, p_limit int)
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

COMMENT ON FUNCTION game.my_games IS
    'Games of the claim''s user that were decided, organized ones included, newest first, below a seat; or the one of a room.';
GRANT EXECUTE ON FUNCTION game.my_games TO ct_player;
