-- What the system looks after: answers under keys, seats and rooms that were left alone, dead letters.
-- depends: 0008.decision

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA game TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.store_answers(p_user_ids bigint[], p_endpoints text[], p_keys text[], p_answers bytea[])
    RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- A crash may forget an answer, not the stake: the retry resumes its seat.  Whatever is committed durably later, as
    -- a refund, makes this durable with it, so that a key never looks younger than what came after it.
    SELECT set_config('synchronous_commit', 'off', true);
    WITH stored AS (
        UPDATE game.idempotency AS i SET answer = a.answer
        FROM unnest(p_user_ids, p_endpoints, p_keys, p_answers) AS a (user_id, endpoint, key, answer)
        WHERE i.user_id = a.user_id AND i.endpoint = a.endpoint AND i.key = a.key AND i.answer IS NULL
        RETURNING 1
    )
    SELECT count(*) FROM stored;
END;

COMMENT ON FUNCTION game.store_answers(bigint[], text[], text[], bytea[]) IS
    'Keeps the answers of successful requests; the first answer under a key stays. Tells how many were kept.';

CREATE FUNCTION game.purge_keys(p_older_than_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old AS (
        SELECT i.user_id, i.endpoint, i.key FROM game.idempotency AS i
        WHERE i.created_at < now() - make_interval(secs => p_older_than_s)
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM game.idempotency AS i USING old
        WHERE i.user_id = old.user_id AND i.endpoint = old.endpoint AND i.key = old.key
        RETURNING 1
    )
    SELECT count(*) FROM gone;
END;

COMMENT ON FUNCTION game.purge_keys(double precision, int) IS 'Forgets keys older than that, some at a time.';

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

CREATE FUNCTION game.note_missing(p_room_id text) RETURNS double precision
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.rooms AS r SET missing_since = coalesce(r.missing_since, now())
    WHERE r.room_id = p_room_id AND r.outcome = 'open'
    RETURNING extract(epoch FROM now() - r.missing_since)::double precision;
END;

COMMENT ON FUNCTION game.note_missing(text) IS
    'Redis does not know this open room. For how many seconds that has been so; null: there is no such open room.';

CREATE FUNCTION game.clear_missing(p_room_id text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.rooms AS r SET missing_since = NULL WHERE r.room_id = p_room_id AND r.missing_since IS NOT NULL;
END;

COMMENT ON FUNCTION game.clear_missing(text) IS 'Redis knows the room after all.';

CREATE FUNCTION game.put_dead_letter(p_stream text, p_entry_id text, p_room_id text, p_payload bytea, p_error text)
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO game.dead_letters (stream, entry_id, room_id, payload, error)
    VALUES (p_stream, p_entry_id, p_room_id, p_payload, p_error) ON CONFLICT DO NOTHING;
END;

COMMENT ON FUNCTION game.put_dead_letter(text, text, text, bytea, text) IS 'Keeps an entry that failed repeatedly, once.';

GRANT EXECUTE ON FUNCTION
    game.store_answers(bigint[], text[], text[], bytea[]),
    game.purge_keys(double precision, int),
    game.seat(uuid),
    game.live_seat(bigint),
    game.stale_live_seats(double precision, int),
    game.open_rooms(double precision, int),
    game.note_missing(text),
    game.clear_missing(text),
    game.put_dead_letter(text, text, text, bytea, text)
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
