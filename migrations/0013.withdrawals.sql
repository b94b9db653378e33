-- Withdrawals: Stars leave the balance when they are asked for and lie in `held` until they are paid out or come back.
-- held -> (approval ->) sending -> sent | returned.  What is about to be sent is committed before anything is sent: an
-- attempt has a number, and only an attempt that surely came to nothing is followed by another.
-- Locks: the key, the totals of the day, the withdrawal, then balances.
-- depends: 0012.limits

SET LOCAL ROLE ct_owner;

CREATE TYPE pay.payout_method AS ENUM ('ton', 'premium');
CREATE TYPE pay.withdrawal_state AS ENUM ('held', 'approval', 'sending', 'sent', 'returned');

COMMENT ON TYPE pay.payout_method IS 'ton: to the linked wallet; premium: Telegram Premium as a gift of the bot.';
COMMENT ON TYPE pay.withdrawal_state IS
    'held: for the time of hold; approval: an operator has to decide; sending; sent; returned: the Stars are back on the balance.';

CREATE TABLE pay.withdrawals (
    withdrawal_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    user_id bigint NOT NULL REFERENCES public.users,
    method pay.payout_method NOT NULL,
    state pay.withdrawal_state NOT NULL DEFAULT 'held',
    stars bigint NOT NULL CHECK (stars > 0),
    months int CHECK (months IN (3, 6, 12)),
    telegram_id bigint,
    address text,
    network text,
    nanoton bigint CHECK (nanoton > 0),
    rate bigint CHECK (rate > 0),
    needs_approval boolean NOT NULL,
    waits_for text CHECK (waits_for IN ('limit', 'banned', 'failed', 'unknown')),
    requested_at timestamptz NOT NULL,
    hold_until timestamptz NOT NULL CHECK (hold_until >= requested_at),
    attempt int NOT NULL DEFAULT 1,
    retries int NOT NULL DEFAULT 0,
    begun_at timestamptz,
    star_offset bigint,
    query_id int CHECK (query_id BETWEEN 0 AND 8388607 AND query_id % 1024 <= 1022),
    message_at bigint,
    message_expires bigint,
    message_hash text,
    boc text,
    next_try_at timestamptz,
    reference text UNIQUE,
    error varchar(200),
    review text CHECK (review IN ('approved', 'refused', 'paid')),
    reviewed_by varchar(100),
    reviewed_at timestamptz,
    closed_at timestamptz,
    CHECK (num_nulls(address, network, nanoton, rate) = CASE method WHEN 'ton' THEN 0 ELSE 4 END),
    CHECK (num_nulls(months, telegram_id) = CASE method WHEN 'premium' THEN 0 ELSE 2 END),
    CHECK ((state = 'approval') = (waits_for IS NOT NULL)),
    CHECK ((state = 'sending') = (next_try_at IS NOT NULL)),
    CHECK ((state IN ('sent', 'returned')) = (closed_at IS NOT NULL)),
    CHECK (num_nulls(query_id, message_at, message_expires, message_hash, boc) IN (0, 5)),
    CHECK (boc IS NULL OR begun_at IS NOT NULL),
    CHECK (method <> 'ton' OR (begun_at IS NULL) = (boc IS NULL))
);
CREATE INDEX withdrawals_of_user ON pay.withdrawals (user_id, number);
CREATE INDEX withdrawals_by_day ON pay.withdrawals (requested_at);
CREATE INDEX withdrawals_open ON pay.withdrawals (number) WHERE state IN ('held', 'approval', 'sending');
CREATE UNIQUE INDEX withdrawals_one_gift ON pay.withdrawals (telegram_id) WHERE state = 'sending' AND begun_at IS NOT NULL;
CREATE UNIQUE INDEX withdrawals_one_query ON pay.withdrawals (query_id) WHERE state = 'sending';

COMMENT ON TABLE pay.withdrawals IS 'What players wanted to take out, and what became of it; never deleted.';
COMMENT ON COLUMN pay.withdrawals.withdrawal_id IS 'Its public name.';
COMMENT ON COLUMN pay.withdrawals.number IS 'Rises with every withdrawal: the order of lists.';
COMMENT ON COLUMN pay.withdrawals.user_id IS 'Whose balance it comes from.';
COMMENT ON COLUMN pay.withdrawals.method IS 'ton or premium.';
COMMENT ON COLUMN pay.withdrawals.state IS 'Where it is.';
COMMENT ON COLUMN pay.withdrawals.stars IS 'Stars that left the balance.';
COMMENT ON COLUMN pay.withdrawals.months IS 'Months of Premium.';
COMMENT ON COLUMN pay.withdrawals.telegram_id IS 'Who gets Premium: the account''s Telegram user when it was asked for.';
COMMENT ON COLUMN pay.withdrawals.address IS 'Where the TON goes: the wallet that was linked when it was asked for, raw.';
COMMENT ON COLUMN pay.withdrawals.network IS 'Which chain.';
COMMENT ON COLUMN pay.withdrawals.nanoton IS 'How many billionths of a TON.';
COMMENT ON COLUMN pay.withdrawals.rate IS 'Billionths of a TON for one Star, fixed when it was asked for.';
COMMENT ON COLUMN pay.withdrawals.needs_approval IS 'It was over the limit above which an operator decides.';
COMMENT ON COLUMN pay.withdrawals.waits_for IS
    'Why an operator has to decide: limit; banned; failed (it was refused, nothing left); unknown (nobody can tell whether it left).';
COMMENT ON COLUMN pay.withdrawals.requested_at IS 'When it was asked for, by the clock of Redis; its UTC day is the one whose totals it counts in.';
COMMENT ON COLUMN pay.withdrawals.hold_until IS 'Not before this.';
COMMENT ON COLUMN pay.withdrawals.attempt IS 'The attempt''s number; the next begins only when this one surely came to nothing, or an operator says so.';
COMMENT ON COLUMN pay.withdrawals.retries IS 'Attempts that came to nothing since an operator last looked.';
COMMENT ON COLUMN pay.withdrawals.begun_at IS 'Since when this attempt may have left; null: it has not.';
COMMENT ON COLUMN pay.withdrawals.star_offset IS 'How many transactions Telegram had, at least, when the attempt began: its own comes after them.';
COMMENT ON COLUMN pay.withdrawals.query_id IS 'The number of the message at the wallet: shift of 13 bits and bit number up to 1022.';
COMMENT ON COLUMN pay.withdrawals.message_at IS 'created_at of the message, in seconds.';
COMMENT ON COLUMN pay.withdrawals.message_expires IS 'From this second of the chain on, the wallet refuses the message.';
COMMENT ON COLUMN pay.withdrawals.message_hash IS 'The normalised hash by which the chain knows the message, in hex.';
COMMENT ON COLUMN pay.withdrawals.boc IS 'The signed message, in base64: always the same is sent.';
COMMENT ON COLUMN pay.withdrawals.next_try_at IS 'When to go on; whoever took it has it until then.';
COMMENT ON COLUMN pay.withdrawals.reference IS 'What shows that it was paid: hash of the transaction, or Telegram''s id of it.';
COMMENT ON COLUMN pay.withdrawals.error IS 'What was wrong last.';
COMMENT ON COLUMN pay.withdrawals.review IS 'What an operator decided last.';
COMMENT ON COLUMN pay.withdrawals.reviewed_by IS 'Who decided.';
COMMENT ON COLUMN pay.withdrawals.reviewed_at IS 'When.';
COMMENT ON COLUMN pay.withdrawals.closed_at IS 'When it was sent or returned.';

CREATE TABLE pay.withdrawal_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    withdrawal_id uuid NOT NULL REFERENCES pay.withdrawals,
    state pay.withdrawal_state NOT NULL,
    attempt int NOT NULL,
    actor varchar(100) NOT NULL,
    login name NOT NULL DEFAULT session_user,
    detail varchar(200),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX events_of_withdrawal ON pay.withdrawal_events (withdrawal_id, event_id);

COMMENT ON TABLE pay.withdrawal_events IS 'Every step of every withdrawal: who, when, what. Only ever added to.';
COMMENT ON COLUMN pay.withdrawal_events.event_id IS 'Its number.';
COMMENT ON COLUMN pay.withdrawal_events.withdrawal_id IS 'Which withdrawal.';
COMMENT ON COLUMN pay.withdrawal_events.state IS 'The state after it.';
COMMENT ON COLUMN pay.withdrawal_events.attempt IS 'The attempt after it.';
COMMENT ON COLUMN pay.withdrawal_events.actor IS 'player, worker, or an operator''s name.';
COMMENT ON COLUMN pay.withdrawal_events.login IS 'The database login it came from.';
COMMENT ON COLUMN pay.withdrawal_events.detail IS 'What happened.';
COMMENT ON COLUMN pay.withdrawal_events.created_at IS 'When.';

CREATE SEQUENCE pay.highload_queries AS int MINVALUE 0 MAXVALUE 8380415 START 0 CYCLE;

COMMENT ON SEQUENCE pay.highload_queries IS 'Messages of the paying wallet: 8192 shifts of 1023 bits each.';

ALTER TABLE pay.withdrawals ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.withdrawals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.withdrawals
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.withdrawals TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.withdrawals IS 'A withdrawal belongs to the user it names.';
COMMENT ON POLICY money ON pay.withdrawals IS 'Functions of money act for whoever is paid.';

GRANT SELECT, INSERT, UPDATE ON pay.withdrawals TO ct_ledger;
GRANT SELECT, INSERT ON pay.withdrawal_events TO ct_ledger;
GRANT USAGE ON SEQUENCE pay.highload_queries TO ct_ledger;

RESET ROLE;
