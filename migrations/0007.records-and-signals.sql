-- The signed records of games, the keys that signed them, and the signals of cheating that an operator reviews.
-- A settlement only puts the room into a queue; what makes the record takes it from there.
-- depends: 0006.bonus-runs
-- functions: game.queue_record

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

CREATE TRIGGER queue_record AFTER UPDATE OF outcome ON game.rooms FOR EACH ROW
    WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open' AND NEW.stake IS NOT NULL AND NEW.result ->> 'outcome' = 'finished')
    EXECUTE FUNCTION game.queue_record();

GRANT SELECT, INSERT, UPDATE, DELETE ON game.record_queue TO ct_ledger;
GRANT SELECT, INSERT, DELETE ON game.records, game.signals, game.rhythms TO ct_ledger;
GRANT SELECT, INSERT ON game.record_keys TO ct_ledger;

RESET ROLE;
