-- TON: what the chain shows to have come to the house's address, credited once a transaction; how far the chain was
-- read, kept in the transaction of the credits; and the reconciliation with the chain in both directions, as
-- with Telegram: what the paying wallet sent is kept as it was read, and each reading says what differs.
--
-- The ledger's account `chain` goes down by the Stars that were credited for TON.  What came and is nobody's yet has no
-- worth in Stars: it is kept here only, until an operator says whose it is.
-- Locks are taken in one order: the cursor, the payments by their ids, the balances by their accounts.
-- depends: 0013.withdrawals

SET LOCAL ROLE ct_owner;

CREATE TABLE pay.chain_cursors (
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    account text NOT NULL CHECK (account ~ '^(0|-1):[0-9a-f]{64}$'),
    lt bigint NOT NULL DEFAULT 0 CHECK (lt >= 0),
    seen_lt bigint NOT NULL DEFAULT 0 CHECK (seen_lt >= 0),
    gap_since timestamptz,
    read_at timestamptz,
    PRIMARY KEY (network, account)
);

COMMENT ON TABLE pay.chain_cursors IS 'How far the transactions of each of the house''s addresses were read.';
COMMENT ON COLUMN pay.chain_cursors.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_cursors.account IS 'The address, raw.';
COMMENT ON COLUMN pay.chain_cursors.lt IS 'Logical time up to which everything is recorded, without a gap.';
COMMENT ON COLUMN pay.chain_cursors.seen_lt IS 'The highest logical time that was recorded.';
COMMENT ON COLUMN pay.chain_cursors.gap_since IS 'Since when a transaction is known to be missing between lt and seen_lt; null: none is.';
COMMENT ON COLUMN pay.chain_cursors.read_at IS 'When it was read last.';

CREATE TABLE pay.chain_receipts (
    receipt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    account text NOT NULL,
    lt bigint NOT NULL,
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    mc_seqno bigint NOT NULL,
    source text NOT NULL,
    nanoton bigint NOT NULL CHECK (nanoton > 0),
    comment varchar(200),
    memo text,
    state text NOT NULL CHECK (state IN ('credited', 'review', 'ignored')),
    reason text CHECK (reason IN (
        'no_memo', 'unknown', 'repeated', 'short', 'late', 'aborted', 'dust', 'bounced', 'jetton', 'foreign', 'sends',
        'excess', 'dismissed'
    )),
    payment_id uuid REFERENCES pay.payments,
    user_id bigint REFERENCES public.users,
    stars bigint CHECK (stars > 0),
    rate bigint CHECK (rate > 0),
    sent_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    decided_by varchar(100),
    decided_at timestamptz,
    UNIQUE (account, lt, hash),
    CHECK ((state = 'credited') = (stars IS NOT NULL)),
    CHECK ((stars IS NULL) = (rate IS NULL)),
    CHECK (state <> 'credited' OR user_id IS NOT NULL),
    CHECK (state = 'credited' OR reason IS NOT NULL),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL))
);
CREATE INDEX chain_receipts_review ON pay.chain_receipts (receipt_id) WHERE state = 'review';
CREATE INDEX chain_receipts_of_payment ON pay.chain_receipts (payment_id);
CREATE INDEX chain_receipts_of_user ON pay.chain_receipts (user_id, receipt_id);

COMMENT ON TABLE pay.chain_receipts IS 'Messages with TON that came to the house''s addresses, one row a transaction; never deleted.';
COMMENT ON COLUMN pay.chain_receipts.receipt_id IS 'Rises with every receipt.';
COMMENT ON COLUMN pay.chain_receipts.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_receipts.account IS 'The house''s address, raw.';
COMMENT ON COLUMN pay.chain_receipts.lt IS 'The transaction''s logical time.';
COMMENT ON COLUMN pay.chain_receipts.hash IS 'The transaction''s hash, in hex.';
COMMENT ON COLUMN pay.chain_receipts.mc_seqno IS 'The masterchain block that made it final.';
COMMENT ON COLUMN pay.chain_receipts.source IS 'Who sent it, raw.';
COMMENT ON COLUMN pay.chain_receipts.nanoton IS 'Billionths of a TON that came with it.';
COMMENT ON COLUMN pay.chain_receipts.comment IS 'The text in it, made printable.';
COMMENT ON COLUMN pay.chain_receipts.memo IS 'The memo that was read in the comment, if it has the form of one.';
COMMENT ON COLUMN pay.chain_receipts.state IS 'credited; review: an operator looks; ignored: nothing that could be credited.';
COMMENT ON COLUMN pay.chain_receipts.reason IS
    'no_memo; unknown (memo); repeated (the memo was used); short (less than was ordered); late (credited at the rate of the moment, or no rate); aborted (the address has no code); dust; bounced (our own message came back); jetton (a token, or what pretends to be one); foreign (another destination); sends (the address acted); excess (credited with more than was ordered); dismissed (by an operator).';
COMMENT ON COLUMN pay.chain_receipts.payment_id IS 'The order that the memo names, or that an operator chose.';
COMMENT ON COLUMN pay.chain_receipts.user_id IS 'Whose it is.';
COMMENT ON COLUMN pay.chain_receipts.stars IS 'Stars that were credited for it.';
COMMENT ON COLUMN pay.chain_receipts.rate IS 'Billionths of a TON for one Star, by which they were.';
COMMENT ON COLUMN pay.chain_receipts.sent_at IS 'The time of the transaction, by the chain.';
COMMENT ON COLUMN pay.chain_receipts.recorded_at IS 'When it was recorded here.';
COMMENT ON COLUMN pay.chain_receipts.decided_by IS 'Which operator decided about it.';
COMMENT ON COLUMN pay.chain_receipts.decided_at IS 'When the operator decided.';

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

CREATE TABLE pay.chain_reconciliations (
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

COMMENT ON TABLE pay.chain_reconciliations IS 'What each reconciliation with the chain found.';
COMMENT ON COLUMN pay.chain_reconciliations.run_id IS 'Its number.';
COMMENT ON COLUMN pay.chain_reconciliations.finished_at IS 'When.';
COMMENT ON COLUMN pay.chain_reconciliations.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_reconciliations.account IS 'The address of deposits; null: there was none.';
COMMENT ON COLUMN pay.chain_reconciliations.from_lt IS 'From which logical time on deposits were compared.';
COMMENT ON COLUMN pay.chain_reconciliations.to_lt IS 'And up to which.';
COMMENT ON COLUMN pay.chain_reconciliations.incoming IS 'How many transactions that brought TON that were.';
COMMENT ON COLUMN pay.chain_reconciliations.incoming_nanoton IS 'And how many billionths of a TON.';
COMMENT ON COLUMN pay.chain_reconciliations.incoming_differ IS 'Whether deposits differed: then the next comparison begins here again.';
COMMENT ON COLUMN pay.chain_reconciliations.wallet IS 'The wallet that pays out; null: there was none.';
COMMENT ON COLUMN pay.chain_reconciliations.outgoing IS 'How many of its transfers had not been read before.';
COMMENT ON COLUMN pay.chain_reconciliations.differences IS 'What differs: rule, subject, detail.';

CREATE TABLE pay.chain_reconciliation_schedule (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    due_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pay.chain_reconciliation_schedule IS 'One row: so that of many workers one reconciles with the chain.';
COMMENT ON COLUMN pay.chain_reconciliation_schedule.one IS 'True.';
COMMENT ON COLUMN pay.chain_reconciliation_schedule.due_at IS 'When it is to be compared next.';

ALTER TABLE pay.chain_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.chain_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.chain_receipts
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.chain_receipts TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.chain_receipts IS 'A receipt belongs to the user it was credited to.';
COMMENT ON POLICY money ON pay.chain_receipts IS 'Functions of money act for whoever pays.';

INSERT INTO pay.chain_reconciliation_schedule DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON pay.chain_cursors, pay.chain_receipts, pay.chain_wallets, pay.chain_outgoing TO ct_ledger;
GRANT SELECT, INSERT ON pay.chain_reconciliations TO ct_ledger;
GRANT SELECT, UPDATE ON pay.chain_reconciliation_schedule TO ct_ledger;

RESET ROLE;
