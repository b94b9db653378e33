-- The double-entry ledger.  Entries are signed, every transfer sums to zero, nothing is ever changed or deleted.
-- Only players have a balance row, the one place where an overdraft could happen; the balances of escrows and of the
-- house are sums of their entries, so that no row is written by everybody.
-- depends: 0002.accounts
-- functions: ledger.refuse_change ledger.check_zero_sum

SET LOCAL ROLE ct_owner;

-- Types and not checks on the tables that every game writes: a check is parsed anew for each statement.
CREATE TYPE ledger.account_kind AS ENUM (
    'player', 'escrow', 'house', 'demo', 'bonus', 'telegram', 'chain', 'held', 'loss', 'suspense'
);
CREATE TYPE ledger.transfer_kind AS ENUM (
    'grant', 'stake', 'refund', 'settle', 'bonus', 'deposit', 'deposit_refund', 'chargeback', 'withdrawal',
    'withdrawal_return', 'payout'
);

COMMENT ON TYPE ledger.account_kind IS
    'player; escrow: stakes of a room; house: fees; demo: source of demonstration Stars; bonus: source of bonus rewards; telegram: Stars paid to the bot; chain: TON paid to the house''s wallet, as Stars; held: withdrawals on their way; loss: charged back after they were spent; suspense: Stars that came in and are under review, or on their way back to who paid them.';
COMMENT ON TYPE ledger.transfer_kind IS
    'grant: demonstration Stars; stake; refund; settle: a pool that was won; bonus: reward of a finished bonus run; deposit; deposit_refund: a deposit sent back; chargeback: a deposit that Telegram took back; withdrawal: from the player into held; withdrawal_return: back to the player; payout: held Stars that left.';

CREATE TABLE ledger.accounts (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind ledger.account_kind NOT NULL,
    currency text NOT NULL DEFAULT 'XTR' CHECK (currency = 'XTR'),
    user_id bigint REFERENCES public.users,
    room_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'player') = (user_id IS NOT NULL)),
    CHECK ((kind = 'escrow') = (room_id IS NOT NULL))
);
CREATE UNIQUE INDEX accounts_of_player ON ledger.accounts (user_id, currency) WHERE kind = 'player';
CREATE UNIQUE INDEX accounts_of_room ON ledger.accounts (room_id, currency) WHERE kind = 'escrow';
CREATE UNIQUE INDEX accounts_of_house ON ledger.accounts (kind, currency) WHERE kind NOT IN ('player', 'escrow');

COMMENT ON TABLE ledger.accounts IS 'Whose Stars: a player''s, a room''s escrow, or the house''s.';
COMMENT ON COLUMN ledger.accounts.account_id IS 'The account''s number; locks are taken in its order.';
COMMENT ON COLUMN ledger.accounts.kind IS 'Whose it is.';
COMMENT ON COLUMN ledger.accounts.currency IS 'XTR: Telegram Stars, whole numbers.';
COMMENT ON COLUMN ledger.accounts.user_id IS 'The player, of a player''s account.';
COMMENT ON COLUMN ledger.accounts.room_id IS 'The room, of an escrow account.';
COMMENT ON COLUMN ledger.accounts.created_at IS 'When the account was opened.';

CREATE TABLE ledger.balances (
    account_id bigint PRIMARY KEY REFERENCES ledger.accounts,
    user_id bigint NOT NULL UNIQUE,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0)
) WITH (fillfactor = 50);

COMMENT ON TABLE ledger.balances IS 'The balance of each player: always the sum of the account''s entries, never below zero.';
COMMENT ON COLUMN ledger.balances.account_id IS 'The player''s account.';
COMMENT ON COLUMN ledger.balances.user_id IS 'The player, so that a balance is found in one step.';
COMMENT ON COLUMN ledger.balances.balance IS 'Stars.';

CREATE TABLE ledger.transfers (
    transfer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    kind ledger.transfer_kind NOT NULL,
    room_id text,
    reason varchar(100),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE ledger.transfers IS 'One movement of Stars, made of entries that sum to zero.';
COMMENT ON COLUMN ledger.transfers.transfer_id IS 'The transfer''s number.';
COMMENT ON COLUMN ledger.transfers.key IS 'What makes it happen once: stake:<seat>, refund:<seat>, settle:<room>, grant:<user>.';
COMMENT ON COLUMN ledger.transfers.kind IS 'Why it was made.';
COMMENT ON COLUMN ledger.transfers.room_id IS 'The room it belongs to, if any.';
COMMENT ON COLUMN ledger.transfers.reason IS 'Why a refund was made.';
COMMENT ON COLUMN ledger.transfers.created_at IS 'When it was made.';

CREATE TABLE ledger.entries (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id bigint NOT NULL REFERENCES ledger.transfers,
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    amount bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint
);
CREATE INDEX entries_of_account ON ledger.entries (account_id, entry_id);
-- Entries come in the order of their transfers, so this costs the writers next to nothing.
CREATE INDEX entries_of_transfer ON ledger.entries USING brin (transfer_id)
    WITH (pages_per_range = 32, autosummarize = on);

COMMENT ON TABLE ledger.entries IS 'What a transfer added to or took from an account.';
COMMENT ON COLUMN ledger.entries.entry_id IS 'Rises with every entry of an account.';
COMMENT ON COLUMN ledger.entries.transfer_id IS 'The transfer it is part of.';
COMMENT ON COLUMN ledger.entries.account_id IS 'The account that changed.';
COMMENT ON COLUMN ledger.entries.amount IS 'Stars: positive came in, negative went out.';
COMMENT ON COLUMN ledger.entries.balance_after IS 'The player''s balance after it; null for accounts that have no balance row.';

INSERT INTO ledger.accounts (kind)
VALUES ('house'), ('demo'), ('bonus'), ('telegram'), ('suspense'), ('loss'), ('held'), ('chain');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER zero_sum AFTER INSERT ON ledger.entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_zero_sum();

GRANT SELECT, INSERT ON ledger.accounts, ledger.balances, ledger.transfers, ledger.entries TO ct_ledger;
GRANT UPDATE (balance) ON ledger.balances TO ct_ledger;
-- An account that never held anything goes with its user, when two accounts are linked.
GRANT DELETE ON ledger.accounts, ledger.balances TO ct_ledger;

RESET ROLE;
