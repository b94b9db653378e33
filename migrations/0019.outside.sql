-- What comes from outside and what goes there: orders are limited in time; a transaction counts for one withdrawal, and
-- readings and attempts know the bot and the wallet they belong to; what cannot be understood is set aside and hinders
-- nothing; who watches says when it last could.
-- depends: 0018.debts

SET LOCAL ROLE ct_owner;

-- Who watches.

CREATE TABLE game.watches (
    name varchar(50) PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now(),
    succeeded_at timestamptz,
    failed_at timestamptz,
    failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
    error varchar(200),
    findings int CHECK (findings >= 0),
    took_ms bigint
);

COMMENT ON TABLE game.watches IS 'Each periodic look of the workers (audit, reconciliations …): when it last succeeded, and how it fails.';
COMMENT ON COLUMN game.watches.name IS 'Its name.';
COMMENT ON COLUMN game.watches.since IS 'Since when it is expected: what never succeeded is as old as that.';
COMMENT ON COLUMN game.watches.succeeded_at IS 'When it last came to its end; null: never yet.';
COMMENT ON COLUMN game.watches.failed_at IS 'When it last failed.';
COMMENT ON COLUMN game.watches.failures IS 'How often it failed since it last succeeded.';
COMMENT ON COLUMN game.watches.error IS 'Why it failed last.';
COMMENT ON COLUMN game.watches.findings IS 'How much it found when it last succeeded; null: it counts nothing.';
COMMENT ON COLUMN game.watches.took_ms IS 'How long its last success took.';

-- The audit is expected wherever there is a ledger, also where no worker ever ran.
INSERT INTO game.watches (name) VALUES ('audit');

GRANT SELECT, INSERT, UPDATE ON game.watches TO ct_ledger;

-- What could not be understood.

CREATE TABLE pay.set_aside (
    item_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source varchar(200) NOT NULL,
    key varchar(100) NOT NULL,
    raw text NOT NULL CHECK (length(raw) <= 65536),
    whole boolean NOT NULL,
    problem varchar(200) NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_by varchar(100),
    UNIQUE (source, key),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX set_aside_open ON pay.set_aside (source, item_id) WHERE closed_at IS NULL;

COMMENT ON TABLE pay.set_aside IS
    'Elements of lists from outside that this program could not read: kept as they came, and read again by each later reading.';
COMMENT ON COLUMN pay.set_aside.item_id IS 'Its number.';
COMMENT ON COLUMN pay.set_aside.source IS 'Whose list: stars:<bot>, deposits:<network>:<address>, payouts:<network>:<address>.';
COMMENT ON COLUMN pay.set_aside.key IS 'Its name in that list, or a digest of it.';
COMMENT ON COLUMN pay.set_aside.raw IS 'The element as it came, as JSON; its beginning, where it is longer than 65,536 characters.';
COMMENT ON COLUMN pay.set_aside.whole IS 'Whether all of it is kept.';
COMMENT ON COLUMN pay.set_aside.problem IS 'What could not be understood.';
COMMENT ON COLUMN pay.set_aside.first_at IS 'When it was met first.';
COMMENT ON COLUMN pay.set_aside.closed_at IS 'When it could be read after all, or somebody decided.';
COMMENT ON COLUMN pay.set_aside.closed_by IS 'read, or which operator.';

GRANT SELECT, INSERT, UPDATE ON pay.set_aside TO ct_ledger;

-- Orders in time; and every address that an order was ever given is watched.

CREATE INDEX payments_unpaid_of_user ON pay.payments (user_id, created_at) WHERE state <> 'paid';
CREATE INDEX payments_by_address ON pay.payments (ton_network, ton_address, expires_at) WHERE method = 'ton';

INSERT INTO pay.chain_cursors (network, account)
SELECT DISTINCT p.ton_network, p.ton_address FROM pay.payments AS p WHERE p.method = 'ton'
ON CONFLICT DO NOTHING;

ALTER TABLE pay.chain_receipts DROP CONSTRAINT chain_receipts_reason_check;
ALTER TABLE pay.chain_receipts ADD CONSTRAINT chain_receipts_reason_check CHECK (reason IN (
    'no_memo', 'unknown', 'repeated', 'short', 'late', 'cancelled', 'aborted', 'dust', 'bounced', 'jetton', 'foreign',
    'sends', 'excess', 'bound', 'dismissed'
));
COMMENT ON COLUMN pay.chain_receipts.reason IS
    'no_memo; unknown (memo); repeated (the memo was used); short (less than was ordered); late, cancelled (the order was over: credited at the worse of its rate and that of the moment, or no rate); aborted (the address has no code); dust; bounced (our own message came back); jetton (a token, or what pretends to be one); foreign (another destination); sends (the address acted); excess (more than was ordered: the surplus at the worse rate); bound (more than an order may be); dismissed (by an operator).';
COMMENT ON COLUMN pay.chain_receipts.rate IS
    'Billionths of a TON for one Star, by which they were; of an excess: for what came above the order.';

-- Readings of Telegram's list, each of its own bot.

CREATE TABLE pay.star_books (
    bot_id bigint PRIMARY KEY,
    next_offset bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0),
    read_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pay.star_books IS 'How far each bot''s list of Star transactions was read.';
COMMENT ON COLUMN pay.star_books.bot_id IS 'The bot, by Telegram''s number.';
COMMENT ON COLUMN pay.star_books.next_offset IS 'How many of its transactions are kept here: where the next reading begins.';
COMMENT ON COLUMN pay.star_books.read_at IS 'When a page of it was kept last.';

GRANT SELECT, INSERT, UPDATE ON pay.star_books TO ct_ledger;

ALTER TABLE pay.star_transactions
    ADD COLUMN bot_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN matched boolean NOT NULL DEFAULT false;
ALTER TABLE pay.star_transactions ALTER COLUMN bot_id DROP DEFAULT;
ALTER TABLE pay.star_transactions DROP CONSTRAINT star_transactions_pkey;
ALTER TABLE pay.star_transactions ADD PRIMARY KEY (bot_id, transaction_id, direction);
CREATE INDEX star_transactions_by_id ON pay.star_transactions (transaction_id, direction);
CREATE INDEX star_transactions_unmatched ON pay.star_transactions (direction DESC, made_at)
    WHERE purpose = 'invoice_payment' AND NOT matched;
COMMENT ON COLUMN pay.star_transactions.bot_id IS
    'Whose list it is from; 0: read before bots were told apart, until its bot''s list is read again.';
COMMENT ON COLUMN pay.star_transactions.matched IS
    'Of a payment or its return: that it is recorded here was seen, and need not be looked for again.';
GRANT UPDATE (bot_id, matched) ON pay.star_transactions TO ct_ledger;

ALTER TABLE pay.star_reconciliations ADD COLUMN bot_id bigint NOT NULL DEFAULT 0;
ALTER TABLE pay.star_reconciliations ALTER COLUMN bot_id DROP DEFAULT;
COMMENT ON COLUMN pay.star_reconciliations.bot_id IS 'Whose list was read; 0: it was not kept.';

-- Attempts know who made them.

ALTER TABLE pay.withdrawals ADD COLUMN bot_id bigint, ADD COLUMN wallet text;
COMMENT ON COLUMN pay.withdrawals.bot_id IS 'The bot that began this attempt: only its list can show the gift.';
COMMENT ON COLUMN pay.withdrawals.wallet IS 'The wallet that signed this attempt''s message, raw.';
CREATE INDEX withdrawals_sending ON pay.withdrawals (number) WHERE state = 'sending';

-- Changed in their parameters or results.
DROP FUNCTION IF EXISTS pay.record_chain;
DROP FUNCTION IF EXISTS pay.credit_ton;
DROP FUNCTION IF EXISTS pay.assign_chain;
DROP FUNCTION IF EXISTS pay.request_stars;
DROP FUNCTION IF EXISTS pay.request_ton;
DROP FUNCTION IF EXISTS pay.note_star_transactions;
DROP FUNCTION IF EXISTS pay.star_offset;
DROP FUNCTION IF EXISTS pay.star_sums;
DROP FUNCTION IF EXISTS pay.unrecorded_stars;
DROP FUNCTION IF EXISTS pay.note_star_reconciliation;
DROP FUNCTION IF EXISTS pay.begin_payout;
DROP FUNCTION IF EXISTS pay.review_withdrawal;
DROP FUNCTION IF EXISTS pay.gifts_known;
-- They give whole rows of a table that has more columns now.
DROP FUNCTION IF EXISTS pay.my_withdrawals;
DROP FUNCTION IF EXISTS pay.list_withdrawals;
DROP FUNCTION IF EXISTS pay.take_withdrawals;

RESET ROLE;
