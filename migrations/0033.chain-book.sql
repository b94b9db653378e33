-- The chain's book held against ours in both directions, as Telegram's is: what the paying wallet sent is kept as it was
-- read, and each reading says what differs.
-- depends: 0030.money-report 0027.chain

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;

CREATE TABLE pay.chain_wallets (
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    account text NOT NULL CHECK (account ~ '^(0|-1):[0-9a-f]{64}$'),
    lt bigint NOT NULL DEFAULT 0 CHECK (lt >= 0),
    PRIMARY KEY (network, account)
);

COMMENT ON TABLE pay.chain_wallets IS 'How far the transactions of each wallet that pays out were read.';
COMMENT ON COLUMN pay.chain_wallets.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_wallets.account IS 'The wallet''s address, raw.';
COMMENT ON COLUMN pay.chain_wallets.lt IS 'Logical time up to which everything is kept, without a gap.';

CREATE TABLE pay.chain_outgoing (
    network text NOT NULL,
    account text NOT NULL,
    lt bigint NOT NULL,
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    position int NOT NULL CHECK (position >= 0),
    destination text NOT NULL,
    nanoton bigint NOT NULL CHECK (nanoton >= 0),
    made_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    explained_by varchar(100),
    explained_at timestamptz,
    PRIMARY KEY (account, lt, hash, position),
    FOREIGN KEY (network, account) REFERENCES pay.chain_wallets,
    CHECK ((explained_by IS NULL) = (explained_at IS NULL))
);
CREATE INDEX chain_outgoing_by_hash ON pay.chain_outgoing (hash);

COMMENT ON TABLE pay.chain_outgoing IS 'What left the wallets that pay out, as the chain tells it: one row a message to another address.';
COMMENT ON COLUMN pay.chain_outgoing.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_outgoing.account IS 'The wallet, raw.';
COMMENT ON COLUMN pay.chain_outgoing.lt IS 'The transaction''s logical time.';
COMMENT ON COLUMN pay.chain_outgoing.hash IS 'The transaction''s hash, in hex.';
COMMENT ON COLUMN pay.chain_outgoing.position IS 'Which of its messages.';
COMMENT ON COLUMN pay.chain_outgoing.destination IS 'Where it went, raw.';
COMMENT ON COLUMN pay.chain_outgoing.nanoton IS 'Billionths of a TON.';
COMMENT ON COLUMN pay.chain_outgoing.made_at IS 'The time of the transaction, by the chain.';
COMMENT ON COLUMN pay.chain_outgoing.seen_at IS 'When it was read.';
COMMENT ON COLUMN pay.chain_outgoing.explained_by IS 'Which operator said that it was the house''s own transfer.';
COMMENT ON COLUMN pay.chain_outgoing.explained_at IS 'When.';

CREATE TABLE pay.chain_readings (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finished_at timestamptz NOT NULL DEFAULT now(),
    network text NOT NULL,
    account text,
    from_lt bigint NOT NULL,
    to_lt bigint NOT NULL,
    incoming int NOT NULL,
    incoming_nanoton bigint NOT NULL,
    incoming_differ boolean NOT NULL,
    wallet text,
    outgoing int NOT NULL,
    differences jsonb NOT NULL
);

COMMENT ON TABLE pay.chain_readings IS 'What each comparison of the chain''s book with ours found.';
COMMENT ON COLUMN pay.chain_readings.run_id IS 'Its number.';
COMMENT ON COLUMN pay.chain_readings.finished_at IS 'When.';
COMMENT ON COLUMN pay.chain_readings.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_readings.account IS 'The address of deposits; null: there was none.';
COMMENT ON COLUMN pay.chain_readings.from_lt IS 'From which logical time on deposits were compared.';
COMMENT ON COLUMN pay.chain_readings.to_lt IS 'And up to which.';
COMMENT ON COLUMN pay.chain_readings.incoming IS 'How many transactions that brought TON that were.';
COMMENT ON COLUMN pay.chain_readings.incoming_nanoton IS 'And how many billionths of a TON.';
COMMENT ON COLUMN pay.chain_readings.incoming_differ IS 'Whether deposits differed: then the next comparison begins here again.';
COMMENT ON COLUMN pay.chain_readings.wallet IS 'The wallet that pays out; null: there was none.';
COMMENT ON COLUMN pay.chain_readings.outgoing IS 'How many of its transfers had not been read before.';
COMMENT ON COLUMN pay.chain_readings.differences IS 'What differs: rule, subject, detail.';

CREATE TABLE pay.chain_reader (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    due_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO pay.chain_reader DEFAULT VALUES;

COMMENT ON TABLE pay.chain_reader IS 'One row: so that of many workers one compares the chain''s book.';
COMMENT ON COLUMN pay.chain_reader.one IS 'True.';
COMMENT ON COLUMN pay.chain_reader.due_at IS 'When it is to be compared next.';

GRANT SELECT, INSERT, UPDATE ON pay.chain_wallets, pay.chain_outgoing TO ct_ledger;
GRANT SELECT, INSERT ON pay.chain_readings TO ct_ledger;
GRANT SELECT, UPDATE ON pay.chain_reader TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.claim_chain_reading(p_lease_s double precision) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH taken AS (
        UPDATE pay.chain_reader AS r SET due_at = now() + make_interval(secs => p_lease_s)
        WHERE r.due_at <= now() RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken);
END;

COMMENT ON FUNCTION pay.claim_chain_reading(double precision) IS 'Whether the chain''s book is due to be compared; then it is the caller''s for so many seconds.';

CREATE FUNCTION pay.chain_marks(p_network text, p_account text, p_wallet text, OUT o_checked_lt bigint, OUT o_wallet_lt bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (
        SELECT coalesce(max(s.to_lt), 0) FROM pay.chain_readings AS s
        WHERE s.network = p_network AND s.account = p_account AND NOT s.incoming_differ
    ), (
        SELECT coalesce(max(w.lt), 0) FROM pay.chain_wallets AS w
        WHERE w.network = p_network AND w.account = p_wallet
    );
END;

COMMENT ON FUNCTION pay.chain_marks(text, text, text) IS 'Up to which logical time deposits were found to agree, and the paying wallet was read.';

CREATE FUNCTION pay.note_outgoing(
    p_network text, p_account text, p_lt bigint, p_lts bigint[], p_hashes text[], p_positions int[], p_destinations text[],
    p_nanotons bigint[], p_made bigint[]
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO pay.chain_wallets AS w (network, account, lt) VALUES (p_network, p_account, p_lt)
    ON CONFLICT (network, account) DO UPDATE SET lt = greatest(w.lt, excluded.lt);
    WITH added AS (
        INSERT INTO pay.chain_outgoing (network, account, lt, hash, position, destination, nanoton, made_at)
        SELECT p_network, p_account, t.lt, t.hash, t.position, t.destination, t.nanoton, to_timestamp(t.made)
        FROM unnest(p_lts, p_hashes, p_positions, p_destinations, p_nanotons, p_made)
            AS t (lt, hash, position, destination, nanoton, made)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM added;
END;

COMMENT ON FUNCTION pay.note_outgoing(text, text, bigint, bigint[], text[], int[], text[], bigint[], bigint[]) IS
    'Keeps transfers of a paying wallet, and that it was read up to p_lt without a gap; how many were not known.';

CREATE FUNCTION pay.payout_differences(p_network text, p_grace_s double precision)
    RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sent AS (
        SELECT w.withdrawal_id, w.number, w.address, w.nanoton, w.reference, w.closed_at FROM pay.withdrawals AS w
        WHERE w.method = 'ton' AND w.network = p_network AND w.state = 'sent'
    ), left_us AS (
        SELECT o.* FROM pay.chain_outgoing AS o WHERE o.network = p_network
    ), unnamed AS (
        SELECT o.*, row_number() OVER (PARTITION BY o.destination, o.nanoton ORDER BY o.lt, o.position) AS place
        FROM left_us AS o
        WHERE o.explained_by IS NULL AND NOT EXISTS (SELECT FROM sent AS s WHERE s.reference = o.hash)
    ), by_word AS (
        -- An operator said that it left: no transaction is named, so one that fits is it.
        SELECT s.*, row_number() OVER (PARTITION BY s.address, s.nanoton ORDER BY s.number) AS place
        FROM sent AS s WHERE s.reference IS NULL
    )
    SELECT 'not_in_our_book', 'transaction ' || u.hash, u.nanoton || ' nanoton left for ' || u.destination
    FROM unnamed AS u LEFT JOIN by_word AS b
        ON b.address = u.destination AND b.nanoton = u.nanoton AND b.place = u.place
    WHERE b.withdrawal_id IS NULL AND u.made_at < now() - make_interval(secs => p_grace_s)
    UNION ALL
    SELECT 'not_in_chains_book', 'withdrawal ' || b.withdrawal_id, b.nanoton || ' nanoton to ' || b.address || ', by an operator''s word'
    FROM by_word AS b LEFT JOIN unnamed AS u
        ON u.destination = b.address AND u.nanoton = b.nanoton AND u.place = b.place
    WHERE u.hash IS NULL AND b.closed_at < now() - make_interval(secs => p_grace_s)
    UNION ALL
    SELECT 'not_in_chains_book', 'withdrawal ' || s.withdrawal_id, s.nanoton || ' nanoton to ' || s.address || ', transaction ' || s.reference
    FROM sent AS s
    WHERE s.reference IS NOT NULL AND s.closed_at < now() - make_interval(secs => p_grace_s)
        AND NOT EXISTS (SELECT FROM left_us AS o WHERE o.hash = s.reference)
    UNION ALL
    SELECT 'amount_differs', 'withdrawal ' || s.withdrawal_id,
        'ours ' || s.nanoton || ' nanoton to ' || s.address || ', the chain''s ' || o.nanoton || ' to ' || o.destination
    FROM sent AS s JOIN left_us AS o ON o.hash = s.reference
    WHERE (o.destination, o.nanoton) IS DISTINCT FROM (s.address, s.nanoton) AND o.explained_by IS NULL;
END;

COMMENT ON FUNCTION pay.payout_differences(text, double precision) IS
    'What differs between the chain''s book of the paying wallets, as read, and our withdrawals; what is younger than p_grace_s is given time.';

CREATE FUNCTION pay.note_chain_reading(
    p_network text, p_account text, p_from_lt bigint, p_to_lt bigint, p_incoming int, p_nanoton bigint, p_differ boolean,
    p_wallet text, p_outgoing int, p_differences jsonb, p_every_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.chain_reader AS r SET due_at = now() + make_interval(secs => p_every_s);
    INSERT INTO pay.chain_readings AS s (
        network, account, from_lt, to_lt, incoming, incoming_nanoton, incoming_differ, wallet, outgoing, differences
    ) VALUES (
        p_network, p_account, p_from_lt, p_to_lt, p_incoming, p_nanoton, p_differ, p_wallet, p_outgoing, p_differences
    )
    RETURNING s.run_id;
END;

COMMENT ON FUNCTION pay.note_chain_reading(text, text, bigint, bigint, int, bigint, boolean, text, int, jsonb, double precision) IS
    'Keeps what a comparison found, and says when the next is due.';

CREATE FUNCTION pay.explain_outgoing(p_hash text, p_by text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    UPDATE pay.chain_outgoing AS o SET explained_by = p_by, explained_at = now()
    WHERE o.hash = p_hash AND o.explained_by IS NULL
        AND NOT EXISTS (SELECT FROM pay.withdrawals AS w WHERE w.reference = p_hash AND w.address = o.destination);
    RETURN CASE
        WHEN FOUND OR EXISTS (SELECT FROM pay.chain_outgoing AS o WHERE o.hash = p_hash AND o.explained_by IS NOT NULL)
            THEN 'ok'
        WHEN EXISTS (SELECT FROM pay.chain_outgoing AS o WHERE o.hash = p_hash) THEN 'conflict'
        ELSE 'not_found'
    END;
END
$function$;

COMMENT ON FUNCTION pay.explain_outgoing(text, text) IS
    'An operator''s word that a transfer from the paying wallet was the house''s own; repeated, it is ok again. conflict: it is a withdrawal.';

CREATE FUNCTION pay.latest_readings(
    OUT o_star_differences int, OUT o_star_read_at timestamptz, OUT o_chain_differences int, OUT o_chain_read_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT jsonb_array_length(s.differences), s.finished_at, jsonb_array_length(c.differences), c.finished_at
    FROM (SELECT) AS always
    LEFT JOIN LATERAL (
        SELECT r.differences, r.finished_at FROM pay.star_reconciliations AS r ORDER BY r.run_id DESC LIMIT 1
    ) AS s ON true
    LEFT JOIN LATERAL (
        SELECT r.differences, r.finished_at FROM pay.chain_readings AS r ORDER BY r.run_id DESC LIMIT 1
    ) AS c ON true;
END;

COMMENT ON FUNCTION pay.latest_readings() IS 'How much the latest readings of Telegram''s book and the chain''s found, and when; nulls: never read.';

CREATE OR REPLACE FUNCTION pay.outside_books() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN jsonb_build_object(
        'telegram', (
            SELECT to_jsonb(s) FROM pay.star_reconciliations AS s ORDER BY s.run_id DESC LIMIT 1
        ),
        'chain', (
            SELECT jsonb_build_object(
                'credited_nanoton', coalesce(sum(r.nanoton) FILTER (WHERE r.state = 'credited'), 0),
                'credited_stars', coalesce(sum(r.stars), 0),
                'ledger_stars', (
                    SELECT coalesce(-sum(e.amount), 0)
                    FROM ledger.entries AS e JOIN ledger.transfers AS t USING (transfer_id)
                    WHERE e.account_id = pay.house_account('chain') AND t.kind = 'deposit'
                ),
                'waiting', count(*) FILTER (WHERE r.state = 'review'),
                'waiting_nanoton', coalesce(sum(r.nanoton) FILTER (WHERE r.state = 'review'), 0),
                'paid_nanoton', (
                    SELECT coalesce(sum(w.nanoton), 0) FROM pay.withdrawals AS w WHERE w.state = 'sent'
                ),
                'left_nanoton', (
                    SELECT coalesce(sum(o.nanoton) FILTER (WHERE o.explained_by IS NULL), 0) FROM pay.chain_outgoing AS o
                ),
                'explained_nanoton', (
                    SELECT coalesce(sum(o.nanoton) FILTER (WHERE o.explained_by IS NOT NULL), 0)
                    FROM pay.chain_outgoing AS o
                )
            ) || coalesce((
                SELECT jsonb_build_object('finished_at', s.finished_at, 'differences', s.differences)
                FROM pay.chain_readings AS s ORDER BY s.run_id DESC LIMIT 1
            ), jsonb_build_object('finished_at', NULL, 'differences', jsonb_build_array()))
            FROM pay.chain_receipts AS r
        )
    );

COMMENT ON FUNCTION pay.outside_books() IS
    'For operators: the latest readings of Telegram''s book and the chain''s with their differences, and the sums of what the chain brought and took.';

GRANT EXECUTE ON FUNCTION
    pay.claim_chain_reading(double precision),
    pay.chain_marks(text, text, text),
    pay.note_outgoing(text, text, bigint, bigint[], text[], int[], text[], bigint[], bigint[]),
    pay.payout_differences(text, double precision),
    pay.note_chain_reading(text, text, bigint, bigint, int, bigint, boolean, text, int, jsonb, double precision),
    pay.latest_readings()
TO ct_settler;
GRANT EXECUTE ON FUNCTION pay.explain_outgoing(text, text) TO ct_operator;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
