-- Debts: a charge-back of Stars that are no longer there opens a debt of the person, and whatever comes to any account of
-- the person pays it first, in the transaction that brings it (ledger.post).  What is still owed, and what was
-- forgiven, is the house's loss; so the account `loss` is what the debts say.
-- Also which accounts hold demonstration Stars: they never leave, and never meet Stars that were paid for.
-- Locks: the person, then the balances of the person's accounts in their order, then the debts in theirs, and nothing
-- after them.
-- depends: 0017.persons

SET LOCAL ROLE ct_owner;

-- A value cannot be used before it is committed: a function that is parsed when it is made compares it as text.
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'debt';

COMMENT ON TYPE ledger.transfer_kind IS
    'grant: demonstration Stars; stake; refund; settle: a pool that was won; bonus: reward of a finished bonus run; deposit; deposit_refund: a deposit sent back; chargeback: a deposit that Telegram took back; withdrawal: from the player into held; withdrawal_return: back to the player; payout: held Stars that left; debt: from the player into loss, for Stars that were charged back after they were spent.';
ALTER TABLE ledger.balances
    ADD COLUMN owes boolean NOT NULL DEFAULT false,
    ADD COLUMN granted bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN ledger.balances.owes IS
    'What comes in is to be looked at by ledger.pay_debts: the person has a debt, or had one lately.';
COMMENT ON COLUMN ledger.balances.granted IS
    'Demonstration Stars that the account began with. Above 0 no more of it can be withdrawn than came in from outside, and it plays with its like.';
COMMENT ON COLUMN ledger.transfers.key IS
    'What makes it happen once: stake:<seat>, refund:<seat>, settle:<room>, grant:<user>, debt:<debt>:<number> …';
COMMENT ON COLUMN ledger.transfers.reason IS
    'Why it was made; of a debt''s payment the kind of transfer that brought the Stars.';

UPDATE ledger.balances AS b SET granted = e.amount
FROM ledger.transfers AS t JOIN ledger.entries AS e USING (transfer_id)
WHERE t.kind = 'grant' AND e.account_id = b.account_id;

CREATE TABLE ledger.debts (
    debt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    charge_id text NOT NULL UNIQUE REFERENCES pay.star_receipts,
    user_id bigint NOT NULL REFERENCES public.users,
    stars bigint NOT NULL CHECK (stars > 0),
    paid bigint NOT NULL DEFAULT 0 CHECK (paid >= 0),
    payments int NOT NULL DEFAULT 0,
    forgiven bigint NOT NULL DEFAULT 0 CHECK (forgiven >= 0),
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    forgiven_by varchar(100),
    forgiven_reason varchar(500),
    forgiven_login name,
    CHECK (paid + forgiven <= stars),
    CHECK ((paid + forgiven = stars) = (closed_at IS NOT NULL)),
    CHECK (num_nulls(forgiven_by, forgiven_reason, forgiven_login) = CASE WHEN forgiven > 0 THEN 0 ELSE 3 END)
);
CREATE INDEX debts_of_user ON ledger.debts (user_id, debt_id);

COMMENT ON TABLE ledger.debts IS 'Stars that Telegram took back and that the player no longer had; never deleted.';
COMMENT ON COLUMN ledger.debts.debt_id IS 'Its number; older ones are paid first.';
COMMENT ON COLUMN ledger.debts.charge_id IS 'The charge that was taken back.';
COMMENT ON COLUMN ledger.debts.user_id IS 'The account that had been credited. All accounts of its person pay.';
COMMENT ON COLUMN ledger.debts.stars IS 'What was missing.';
COMMENT ON COLUMN ledger.debts.paid IS 'What was paid of it so far: the sum of its payments.';
COMMENT ON COLUMN ledger.debts.payments IS 'How many they are.';
COMMENT ON COLUMN ledger.debts.forgiven IS 'What nobody will pay: it stays the house''s loss.';
COMMENT ON COLUMN ledger.debts.opened_at IS 'When Telegram''s taking back was recorded.';
COMMENT ON COLUMN ledger.debts.closed_at IS 'When it was paid or forgiven; null: it is owed.';
COMMENT ON COLUMN ledger.debts.forgiven_by IS 'Which operator forgave.';
COMMENT ON COLUMN ledger.debts.forgiven_reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN ledger.debts.forgiven_login IS 'The database login it came from.';

CREATE TABLE ledger.debt_payments (
    debt_id bigint NOT NULL REFERENCES ledger.debts,
    number int NOT NULL,
    user_id bigint NOT NULL REFERENCES public.users,
    stars bigint NOT NULL CHECK (stars > 0),
    cause text NOT NULL,
    paid_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (debt_id, number)
);

COMMENT ON TABLE ledger.debt_payments IS 'What was paid of debts; the transfers are debt:<debt>:<number>. Only ever added to.';
COMMENT ON COLUMN ledger.debt_payments.debt_id IS 'Which debt.';
COMMENT ON COLUMN ledger.debt_payments.number IS 'Which payment of it.';
COMMENT ON COLUMN ledger.debt_payments.user_id IS 'The account that paid.';
COMMENT ON COLUMN ledger.debt_payments.stars IS 'How much.';
COMMENT ON COLUMN ledger.debt_payments.cause IS 'The key of the transfer that brought the Stars, or took back the deposit.';
COMMENT ON COLUMN ledger.debt_payments.paid_at IS 'When.';

-- What was lost before there were debts is owed like the rest.
INSERT INTO ledger.debts (charge_id, user_id, stars, opened_at)
SELECT r.charge_id, r.user_id, r.lost, r.closed_at FROM pay.star_receipts AS r WHERE r.lost > 0 ORDER BY r.closed_at;
UPDATE ledger.balances AS b SET owes = true
WHERE b.granted = 0 AND b.user_id IN (SELECT d.user_id FROM ledger.debts AS d);

-- Which refunds were taken from the balance: those after the assignment, where the charge had been under review.
ALTER TABLE pay.star_assignments ADD COLUMN attempts int NOT NULL DEFAULT 0;
COMMENT ON COLUMN pay.star_assignments.attempts IS 'How many refunds of the charge had been begun by then.';
UPDATE pay.star_assignments AS s SET attempts = r.attempt - (
    SELECT count(*) FROM ledger.transfers AS t
    WHERE t.key IN (SELECT 'deposit_refund:' || s.charge_id || ':' || n FROM generate_series(1, r.attempt) AS n)
)
FROM pay.star_receipts AS r WHERE r.charge_id = s.charge_id;

ALTER TABLE game.rooms ADD COLUMN demo boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN game.rooms.demo IS
    'Whether it is for accounts with demonstration Stars, as who made it or sat down first was: nobody else sits in it.';
UPDATE game.rooms AS r SET demo = true
WHERE r.outcome = 'open' AND EXISTS (
    SELECT FROM game.seats AS s JOIN ledger.balances AS b USING (user_id) WHERE s.room_id = r.room_id AND b.granted > 0
);

ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check, ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'chargeback', 'debt', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));

-- It takes whether the room is for demonstration Stars.
DROP FUNCTION IF EXISTS game.open_room;

GRANT UPDATE (owes) ON ledger.balances TO ct_ledger;
GRANT SELECT, INSERT, UPDATE ON ledger.debts TO ct_ledger;
GRANT SELECT, INSERT ON ledger.debt_payments TO ct_ledger;

RESET ROLE;
