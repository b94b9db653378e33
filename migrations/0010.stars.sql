-- Telegram Stars: what Telegram says it took from players, credited once a charge; refunds; charge-backs; and
-- the reconciliation: Telegram's own transactions, read from time to time and held against the ledger.
--
-- The account `telegram` goes down by what comes in and up by what leaves: its sum, with the sign turned, is what the bot
-- should hold.  So every charge is booked, also one that nobody can be credited for: to `suspense`.
-- depends: 0009.payments

SET LOCAL ROLE ct_owner;

CREATE TYPE pay.receipt_state AS ENUM ('credited', 'review', 'refunding', 'refunded', 'charged_back');

COMMENT ON TYPE pay.receipt_state IS
    'credited; review: booked to nobody, an operator looks; refunding: set aside and to be sent back; refunded; charged_back: Telegram took it back unasked.';

CREATE TABLE pay.star_receipts (
    charge_id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    state pay.receipt_state NOT NULL,
    payment_id uuid REFERENCES pay.payments,
    user_id bigint REFERENCES public.users,
    payer_id bigint NOT NULL,
    payload text NOT NULL,
    stars bigint NOT NULL,
    currency text NOT NULL,
    booked boolean NOT NULL,
    reason text CHECK (reason IN ('currency', 'unknown', 'foreign', 'amount', 'surplus', 'late', 'banned', 'operator')),
    from_player boolean NOT NULL DEFAULT false,
    attempt int NOT NULL DEFAULT 0,
    asked_by varchar(100),
    asked_at timestamptz,
    next_try_at timestamptz,
    error varchar(200),
    lost bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
    found_by text NOT NULL CHECK (found_by IN ('update', 'reconciliation', 'reversal')),
    paid_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CHECK (state <> 'credited' OR (booked AND payment_id IS NOT NULL AND user_id IS NOT NULL)),
    CHECK ((state = 'refunding') = (next_try_at IS NOT NULL)),
    CHECK ((state IN ('refunded', 'charged_back')) = (closed_at IS NOT NULL))
);
CREATE INDEX star_receipts_of_payment ON pay.star_receipts (payment_id);
CREATE INDEX star_receipts_open ON pay.star_receipts (number) WHERE state IN ('review', 'refunding');
CREATE INDEX star_receipts_of_payer ON pay.star_receipts (payer_id);

COMMENT ON TABLE pay.star_receipts IS 'Payments of Stars that arrived, one row a charge of Telegram; never deleted.';
COMMENT ON COLUMN pay.star_receipts.charge_id IS 'Telegram''s name of the charge: what makes a credit happen once.';
COMMENT ON COLUMN pay.star_receipts.number IS 'Rises with every receipt.';
COMMENT ON COLUMN pay.star_receipts.state IS 'Where these Stars are now.';
COMMENT ON COLUMN pay.star_receipts.payment_id IS 'The order that the payload names, if it names one.';
COMMENT ON COLUMN pay.star_receipts.user_id IS
    'The account of the Telegram user who paid, if there is one; once an operator said so, whose the charge is.';
COMMENT ON COLUMN pay.star_receipts.payer_id IS 'The Telegram user who paid.';
COMMENT ON COLUMN pay.star_receipts.payload IS 'The invoice''s payload as it came back.';
COMMENT ON COLUMN pay.star_receipts.stars IS 'The amount that was paid.';
COMMENT ON COLUMN pay.star_receipts.currency IS 'Its currency: XTR, or it is not booked.';
COMMENT ON COLUMN pay.star_receipts.booked IS 'Whether the ledger has it; not, when it had gone back before it was known.';
COMMENT ON COLUMN pay.star_receipts.reason IS
    'Why it was not credited, or is sent back: currency, unknown (payload), foreign (payer), amount; surplus (the order was paid before), late, banned, operator.';
COMMENT ON COLUMN pay.star_receipts.from_player IS 'The refund was taken from the player''s balance, and goes back there if Telegram refuses.';
COMMENT ON COLUMN pay.star_receipts.attempt IS 'How often a refund was begun.';
COMMENT ON COLUMN pay.star_receipts.asked_by IS 'Who wanted the refund: an operator''s name, or rule.';
COMMENT ON COLUMN pay.star_receipts.asked_at IS 'When the refund was wanted.';
COMMENT ON COLUMN pay.star_receipts.next_try_at IS 'When Telegram is to be asked next for the refund.';
COMMENT ON COLUMN pay.star_receipts.error IS 'What Telegram said last about the refund.';
COMMENT ON COLUMN pay.star_receipts.lost IS 'Stars charged back that the player had already spent.';
COMMENT ON COLUMN pay.star_receipts.found_by IS 'What told of it first: update, reconciliation, or reversal (it went back before it was known).';
COMMENT ON COLUMN pay.star_receipts.paid_at IS 'When it was paid, by Telegram''s clock.';
COMMENT ON COLUMN pay.star_receipts.received_at IS 'When it was recorded here.';
COMMENT ON COLUMN pay.star_receipts.closed_at IS 'When it had gone back.';

CREATE TABLE pay.star_assignments (
    charge_id text PRIMARY KEY REFERENCES pay.star_receipts,
    user_id bigint NOT NULL REFERENCES public.users,
    payment_id uuid NOT NULL REFERENCES pay.payments,
    assigned_by varchar(100) NOT NULL,
    login name NOT NULL DEFAULT session_user,
    assigned_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pay.star_assignments IS 'Charges of Stars that an operator gave to a player. Only ever added to.';
COMMENT ON COLUMN pay.star_assignments.charge_id IS 'The charge.';
COMMENT ON COLUMN pay.star_assignments.user_id IS 'Whose it is.';
COMMENT ON COLUMN pay.star_assignments.payment_id IS 'The payment it counts for.';
COMMENT ON COLUMN pay.star_assignments.assigned_by IS 'Which operator.';
COMMENT ON COLUMN pay.star_assignments.login IS 'The database login it came from.';
COMMENT ON COLUMN pay.star_assignments.assigned_at IS 'When.';

CREATE TABLE pay.star_transactions (
    transaction_id text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    stars bigint NOT NULL,
    nanostars int NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL,
    partner text NOT NULL,
    purpose text NOT NULL,
    payer_id bigint,
    payload text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transaction_id, direction)
);

COMMENT ON TABLE pay.star_transactions IS 'Telegram''s transactions of the bot''s Stars, as they were read.';
COMMENT ON COLUMN pay.star_transactions.transaction_id IS 'Telegram''s id: the charge id of a payment, repeated by its refund.';
COMMENT ON COLUMN pay.star_transactions.direction IS 'in: to the bot; out: from it.';
COMMENT ON COLUMN pay.star_transactions.stars IS 'Whole Stars.';
COMMENT ON COLUMN pay.star_transactions.nanostars IS 'And billionths of a Star.';
COMMENT ON COLUMN pay.star_transactions.made_at IS 'When, by Telegram''s clock.';
COMMENT ON COLUMN pay.star_transactions.partner IS 'Who it came from or went to: user, fragment, telegram_ads …';
COMMENT ON COLUMN pay.star_transactions.purpose IS 'Telegram''s word for it where the partner is a user: invoice_payment, premium_purchase …; else the partner.';
COMMENT ON COLUMN pay.star_transactions.payer_id IS 'The Telegram user, where the partner is one.';
COMMENT ON COLUMN pay.star_transactions.payload IS 'The payload of a paid invoice.';
COMMENT ON COLUMN pay.star_transactions.seen_at IS 'When it was read.';

CREATE TABLE pay.star_reconciliations (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finished_at timestamptz NOT NULL DEFAULT now(),
    from_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    new_transactions int NOT NULL,
    credited int NOT NULL,
    reversed int NOT NULL,
    telegram_stars bigint NOT NULL,
    book_stars bigint NOT NULL,
    ledger_stars bigint NOT NULL,
    outside_stars bigint NOT NULL,
    settled boolean NOT NULL,
    differences jsonb NOT NULL
);

COMMENT ON TABLE pay.star_reconciliations IS 'What each reconciliation with Telegram''s transactions found.';
COMMENT ON COLUMN pay.star_reconciliations.run_id IS 'Its number.';
COMMENT ON COLUMN pay.star_reconciliations.finished_at IS 'When.';
COMMENT ON COLUMN pay.star_reconciliations.from_offset IS 'How many transactions were skipped as known.';
COMMENT ON COLUMN pay.star_reconciliations.next_offset IS 'How many transactions Telegram had: the high-water mark.';
COMMENT ON COLUMN pay.star_reconciliations.new_transactions IS 'How many had not been read before.';
COMMENT ON COLUMN pay.star_reconciliations.credited IS 'Payments that were found lost, and were recorded.';
COMMENT ON COLUMN pay.star_reconciliations.reversed IS 'Refunds and charge-backs that were found unrecorded, and were recorded.';
COMMENT ON COLUMN pay.star_reconciliations.telegram_stars IS 'The bot''s balance as Telegram says it.';
COMMENT ON COLUMN pay.star_reconciliations.book_stars IS 'The sum of Telegram''s transactions, as read.';
COMMENT ON COLUMN pay.star_reconciliations.ledger_stars IS 'What the bot should hold by the ledger.';
COMMENT ON COLUMN pay.star_reconciliations.outside_stars IS 'Sum of transactions that are none of the ledger''s: the operator''s own, as withdrawals through Fragment.';
COMMENT ON COLUMN pay.star_reconciliations.settled IS 'Nothing moved while it was read, so the balances can be compared.';
COMMENT ON COLUMN pay.star_reconciliations.differences IS 'What differs: rule, subject, detail.';

CREATE TABLE pay.star_reconciliation_schedule (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    due_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pay.star_reconciliation_schedule IS 'One row: so that of many workers one reads Telegram''s transactions.';
COMMENT ON COLUMN pay.star_reconciliation_schedule.one IS 'True.';
COMMENT ON COLUMN pay.star_reconciliation_schedule.due_at IS 'When it is to be read next.';

CREATE TYPE pay.charge_result AS (
    status text, receipt pay.star_receipts, payment pay.payments, balance bigint, blocked boolean
);

COMMENT ON TYPE pay.charge_result IS 'An answer about a charge: what was done, how it, its order and its player''s balance stand now, whether the account was blocked.';

INSERT INTO pay.star_reconciliation_schedule DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON pay.star_receipts TO ct_ledger;
GRANT SELECT, INSERT ON pay.star_assignments, pay.star_transactions, pay.star_reconciliations TO ct_ledger;
GRANT SELECT, UPDATE ON pay.star_reconciliation_schedule TO ct_ledger;

RESET ROLE;
