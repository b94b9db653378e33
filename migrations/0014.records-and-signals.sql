-- The signed records of games, the keys that signed them, and the signals of cheating that an operator reviews.
-- A settlement only puts the room into a queue; what makes the record takes it from there.
-- depends: 0011.hero-rooms

SET LOCAL ROLE ct_owner;

CREATE TYPE game.log_state AS ENUM ('complete', 'incomplete', 'missing');

COMMENT ON TYPE game.log_state IS 'Whether the frames of a game were all there when its record was made.';

CREATE TABLE game.record_keys (
    key_id text PRIMARY KEY,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE game.record_keys IS 'Public keys that ever signed a record: old records stay checkable after a rotation.';
COMMENT ON COLUMN game.record_keys.key_id IS 'The first 16 hex digits of the SHA-256 of the public key.';
COMMENT ON COLUMN game.record_keys.public_key IS 'The Ed25519 public key.';
COMMENT ON COLUMN game.record_keys.created_at IS 'When it signed its first record.';

CREATE TABLE game.record_queue (
    room_id text PRIMARY KEY REFERENCES game.rooms,
    due_at timestamptz NOT NULL DEFAULT now(),
    tries int NOT NULL DEFAULT 0
);

COMMENT ON TABLE game.record_queue IS 'Finished games whose record is still to be made.';
COMMENT ON COLUMN game.record_queue.room_id IS 'The room.';
COMMENT ON COLUMN game.record_queue.due_at IS 'When it is to be taken up: while a worker has it, the end of its lease.';
COMMENT ON COLUMN game.record_queue.tries IS 'How often a worker took it up.';

CREATE TABLE game.records (
    room_id text PRIMARY KEY REFERENCES game.rooms,
    key_id text NOT NULL REFERENCES game.record_keys,
    log game.log_state NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    document bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE game.records ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX records_by_age ON game.records USING brin (created_at);

COMMENT ON TABLE game.records IS 'Signed records of finished games (docs/record.md).';
COMMENT ON COLUMN game.records.room_id IS 'The room.';
COMMENT ON COLUMN game.records.key_id IS 'The key that signed it.';
COMMENT ON COLUMN game.records.log IS 'Whether the frames were all there.';
COMMENT ON COLUMN game.records.root IS 'The hash that is signed.';
COMMENT ON COLUMN game.records.document IS 'The record: JSON, compressed with zlib.';
COMMENT ON COLUMN game.records.created_at IS 'When it was made.';

CREATE TABLE game.signals (
    room_id text NOT NULL REFERENCES game.rooms,
    user_id bigint NOT NULL REFERENCES public.users,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    review boolean NOT NULL,
    signals jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX signals_to_review ON game.signals (created_at) WHERE review;
CREATE INDEX signals_by_age ON game.signals USING brin (created_at);

COMMENT ON TABLE game.signals IS 'Signals of cheating in a game, for review; they block nobody and move no money.';
COMMENT ON COLUMN game.signals.room_id IS 'The room.';
COMMENT ON COLUMN game.signals.user_id IS 'The player.';
COMMENT ON COLUMN game.signals.score IS '0: no suspicion at all, 1: certain.';
COMMENT ON COLUMN game.signals.review IS 'An operator should look.';
COMMENT ON COLUMN game.signals.signals IS 'Each signal with its name, score and explanation.';
COMMENT ON COLUMN game.signals.created_at IS 'When they were worked out.';

CREATE TABLE game.rhythms (
    user_id bigint NOT NULL REFERENCES public.users,
    room_id text NOT NULL REFERENCES game.rooms,
    rhythm bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, room_id)
);
CREATE INDEX rhythms_of_user ON game.rhythms (user_id, created_at);

COMMENT ON TABLE game.rhythms IS 'How players tapped in their latest games, to find rhythms that are played again.';
COMMENT ON COLUMN game.rhythms.user_id IS 'The player.';
COMMENT ON COLUMN game.rhythms.room_id IS 'The room.';
COMMENT ON COLUMN game.rhythms.rhythm IS 'Milliseconds and taps from frame to frame, three bytes each.';
COMMENT ON COLUMN game.rhythms.created_at IS 'When it was played.';

GRANT SELECT, INSERT, UPDATE, DELETE ON game.record_queue TO ct_ledger;
GRANT SELECT, INSERT, DELETE ON game.records, game.signals, game.rhythms TO ct_ledger;
GRANT SELECT, INSERT ON game.record_keys TO ct_ledger;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.queue_record() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO game.record_queue (room_id) VALUES (NEW.room_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION game.queue_record() IS 'Notes in the transaction of a settlement that the game wants a record.';

GRANT EXECUTE ON FUNCTION game.queue_record() TO ct_owner;
SET LOCAL ROLE ct_owner;

CREATE TRIGGER queue_record AFTER UPDATE OF outcome ON game.rooms FOR EACH ROW
    WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open' AND NEW.stake IS NOT NULL AND NEW.result ->> 'outcome' = 'finished')
    EXECUTE FUNCTION game.queue_record();

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.transfers_of(p_room_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH movements AS (
        SELECT e.entry_id, t.transfer_id, t.key, t.kind, t.reason
        FROM game.rooms AS r
        JOIN ledger.entries AS e ON e.account_id = r.escrow_id
        JOIN ledger.transfers AS t USING (transfer_id)
        WHERE r.room_id = p_room_id
    ), accounts AS (
        SELECT r.escrow_id AS account_id, 'escrow' AS name FROM game.rooms AS r WHERE r.room_id = p_room_id
        UNION ALL
        SELECT a.account_id, 'house' FROM ledger.accounts AS a WHERE a.kind = 'house'
        UNION ALL
        SELECT b.account_id, 'player:' || b.user_id FROM ledger.balances AS b
        WHERE b.user_id IN (SELECT s.user_id FROM game.seats AS s WHERE s.room_id = p_room_id)
    ), legs AS (
        -- There is no index by transfer.  One statement wrote all entries of a transfer, so their numbers are near.
        SELECT m.transfer_id, jsonb_agg(jsonb_build_object('account', a.name, 'amount', e.amount) ORDER BY e.entry_id) AS legs
        FROM movements AS m
        CROSS JOIN accounts AS a
        JOIN ledger.entries AS e ON e.account_id = a.account_id AND e.transfer_id = m.transfer_id
            AND e.entry_id BETWEEN m.entry_id - 50000 AND m.entry_id + 50000
        GROUP BY m.transfer_id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'transfer_id', m.transfer_id, 'key', m.key, 'kind', m.kind, 'reason', m.reason, 'legs', legs.legs
    ) ORDER BY m.transfer_id), '[]')
    FROM movements AS m JOIN legs USING (transfer_id);
END;

COMMENT ON FUNCTION game.transfers_of(text) IS 'Every transfer that touched the escrow of a room, with all its legs.';

CREATE FUNCTION game.rhythms_of(p_room_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(s.user_id::text, kept.rhythms), '{}')
    FROM (SELECT DISTINCT seats.user_id FROM game.seats WHERE seats.room_id = p_room_id) AS s
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(h.room_id, encode(h.rhythm, 'hex')) AS rhythms FROM (
            SELECT r.room_id, r.rhythm FROM game.rhythms AS r
            WHERE r.user_id = s.user_id AND r.room_id <> p_room_id ORDER BY r.created_at DESC LIMIT 8
        ) AS h
    ) AS kept
    WHERE kept.rhythms IS NOT NULL;
END;

COMMENT ON FUNCTION game.rhythms_of(text) IS 'Rhythms of earlier games of everybody who sat in a room, by user and room.';

CREATE FUNCTION game.claim_records(p_limit int, p_lease_s double precision) RETURNS TABLE (room_id text, facts jsonb)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH due AS (
        SELECT q.room_id FROM game.record_queue AS q WHERE q.due_at <= now()
        ORDER BY q.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        -- Each further try waits twice as long, an hour at most.
        UPDATE game.record_queue AS q
        SET tries = q.tries + 1, due_at = now() + make_interval(secs => least(p_lease_s * 2 ^ least(q.tries, 20), 3600))
        FROM due WHERE q.room_id = due.room_id
        RETURNING q.room_id
    )
    SELECT r.room_id, jsonb_build_object(
        'capacity', r.capacity, 'stake', r.stake, 'fee_bps', r.fee_bps, 'kind', r.kind, 'target', coalesce(r.target, 0),
        'organizer_id', r.organizer_id::text, 'pool', coalesce(r.pool, 0), 'prize', coalesce(r.prize, 0),
        'fee', coalesce(r.fee, 0), 'result', r.result, 'decision', r.decision,
        'transfers', game.transfers_of(r.room_id), 'rhythms', game.rhythms_of(r.room_id)
    )
    FROM taken JOIN game.rooms AS r USING (room_id);
END;

COMMENT ON FUNCTION game.claim_records(int, double precision) IS
    'Games whose record is due, with all that Postgres knows of them; nobody else gets them before the lease ends.';

CREATE FUNCTION game.put_record(
    p_room_id text, p_key_id text, p_public_key bytea, p_log game.log_state, p_root bytea, p_document bytea,
    p_signals jsonb, p_rhythms jsonb
) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM game.record_queue AS q WHERE q.room_id = p_room_id;
    INSERT INTO game.record_keys (key_id, public_key) VALUES (p_key_id, p_public_key) ON CONFLICT DO NOTHING;
    INSERT INTO game.records (room_id, key_id, log, root, document)
    VALUES (p_room_id, p_key_id, p_log, p_root, p_document) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO game.signals (room_id, user_id, score, review, signals)
    SELECT p_room_id, s.user_id, s.score, s.review, s.signals
    FROM jsonb_to_recordset(p_signals) AS s (user_id bigint, score real, review boolean, signals jsonb);
    INSERT INTO game.rhythms (user_id, room_id, rhythm)
    SELECT r.key::bigint, p_room_id, decode(r.value, 'hex') FROM jsonb_each_text(p_rhythms) AS r;
    DELETE FROM game.rhythms AS r USING (
        SELECT o.user_id, o.room_id, row_number() OVER (PARTITION BY o.user_id ORDER BY o.created_at DESC) AS age
        FROM game.rhythms AS o WHERE o.user_id IN (SELECT k.key::bigint FROM jsonb_each_text(p_rhythms) AS k)
    ) AS old
    WHERE r.user_id = old.user_id AND r.room_id = old.room_id AND old.age > 8;
    RETURN true;
END
$function$;

COMMENT ON FUNCTION game.put_record(text, text, bytea, game.log_state, bytea, bytea, jsonb, jsonb) IS
    'Keeps a record with its signals, once; false: there is one. Of rhythms the latest eight of a player are kept.';

CREATE FUNCTION game.record(p_room_id text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT r.document FROM game.records AS r WHERE r.room_id = p_room_id);

COMMENT ON FUNCTION game.record(text) IS 'The record of a room, as it is stored; null: there is none.';

CREATE FUNCTION game.my_record(p_room_id text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT r.document FROM game.records AS r
        WHERE r.room_id = p_room_id AND EXISTS (
            SELECT FROM game.seats AS s
            WHERE s.room_id = p_room_id AND s.user_id = auth.claim() AND (s.organizes OR s.taps IS NOT NULL)
        )
    );

COMMENT ON FUNCTION game.my_record(text) IS 'The record of a room, for who played or organized it.';

CREATE FUNCTION game.all_record_keys() RETURNS TABLE (key_id text, public_key bytea, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.key_id, k.public_key, k.created_at FROM game.record_keys AS k ORDER BY k.created_at DESC, k.key_id;
END;

COMMENT ON FUNCTION game.all_record_keys() IS 'Every public key that signed a record, the latest first.';

CREATE FUNCTION game.signals_of(p_room_id text)
    RETURNS TABLE (user_id bigint, score real, review boolean, signals jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.user_id, s.score, s.review, s.signals FROM game.signals AS s WHERE s.room_id = p_room_id
    ORDER BY s.score DESC, s.user_id;
END;

COMMENT ON FUNCTION game.signals_of(text) IS 'What the signals say of the players of a game.';

CREATE FUNCTION game.purge_records(p_records_s double precision, p_signals_s double precision, p_limit int) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH old_records AS (
        DELETE FROM game.records AS r WHERE r.room_id IN (
            SELECT o.room_id FROM game.records AS o
            WHERE o.created_at < now() - make_interval(secs => p_records_s) LIMIT p_limit
        ) RETURNING 1
    ), old_signals AS (
        DELETE FROM game.signals AS s WHERE (s.room_id, s.user_id) IN (
            SELECT o.room_id, o.user_id FROM game.signals AS o
            WHERE o.created_at < now() - make_interval(secs => p_signals_s) LIMIT p_limit
        ) RETURNING 1
    )
    SELECT greatest((SELECT count(*) FROM old_records), (SELECT count(*) FROM old_signals));
END;

COMMENT ON FUNCTION game.purge_records(double precision, double precision, int) IS
    'Forgets records and signals older than that, some at a time.';

GRANT EXECUTE ON FUNCTION
    game.claim_records(int, double precision),
    game.put_record(text, text, bytea, game.log_state, bytea, bytea, jsonb, jsonb),
    game.record(text),
    game.signals_of(text),
    game.all_record_keys(),
    game.purge_records(double precision, double precision, int)
TO ct_settler;
GRANT EXECUTE ON FUNCTION game.my_record(text), game.all_record_keys() TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
