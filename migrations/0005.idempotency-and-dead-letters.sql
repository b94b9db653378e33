-- Idempotency keys of requests that take a seat or move money, written in the transaction of the effect; and results
-- that could not be settled.
-- depends: 0004.rooms

SET LOCAL ROLE ct_owner;

CREATE TABLE game.idempotency (
    user_id bigint NOT NULL,
    endpoint varchar(200) NOT NULL,
    key varchar(255) NOT NULL,
    body_hash bytea NOT NULL,
    seat_id uuid,
    room_id text,
    lease_until timestamptz NOT NULL,
    response bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    subject text,
    PRIMARY KEY (user_id, endpoint, key)
);
CREATE INDEX idempotency_by_age ON game.idempotency USING brin (created_at);

COMMENT ON TABLE game.idempotency IS 'Requests that were made with a key, written in the transaction that takes the stake. Kept for a day.';
COMMENT ON COLUMN game.idempotency.user_id IS 'Whose key.';
COMMENT ON COLUMN game.idempotency.endpoint IS 'The path the key was sent to.';
COMMENT ON COLUMN game.idempotency.key IS 'The key as the client sent it.';
COMMENT ON COLUMN game.idempotency.body_hash IS 'Hash of the body: another body with the same key is an error.';
COMMENT ON COLUMN game.idempotency.seat_id IS 'The seat that the request took, if it took one.';
COMMENT ON COLUMN game.idempotency.room_id IS 'The room of that seat.';
COMMENT ON COLUMN game.idempotency.lease_until IS 'Until when the request counts as running; after it a retry resumes its seat.';
COMMENT ON COLUMN game.idempotency.response IS 'The response that was given, once it was.';
COMMENT ON COLUMN game.idempotency.created_at IS 'When the request took effect.';
COMMENT ON COLUMN game.idempotency.subject IS 'What the request made, if that is no seat: the id of a payment or withdrawal.';

CREATE TABLE game.dead_letters (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL,
    entry_id text NOT NULL,
    room_id text,
    payload bytea NOT NULL,
    error text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (stream, entry_id)
);

COMMENT ON TABLE game.dead_letters IS 'Entries of result streams that failed repeatedly. An operator looks at each.';
COMMENT ON COLUMN game.dead_letters.dead_letter_id IS 'Its number.';
COMMENT ON COLUMN game.dead_letters.stream IS 'The stream it came from.';
COMMENT ON COLUMN game.dead_letters.entry_id IS 'Its id in the stream.';
COMMENT ON COLUMN game.dead_letters.room_id IS 'The room, if it could be told.';
COMMENT ON COLUMN game.dead_letters.payload IS 'The entry as it was read.';
COMMENT ON COLUMN game.dead_letters.error IS 'What went wrong the last time.';
COMMENT ON COLUMN game.dead_letters.created_at IS 'When it was given up.';

GRANT SELECT, INSERT, UPDATE, DELETE ON game.idempotency TO ct_ledger;
GRANT SELECT, INSERT ON game.dead_letters TO ct_ledger;

RESET ROLE;
