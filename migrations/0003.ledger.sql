-- The double-entry ledger.  Entries are signed, every transfer sums to zero, nothing is ever changed or deleted.
-- Only players have a balance row, the one place where an overdraft could happen; the balances of escrows and of the
-- house are sums of their entries, so that no row is written by everybody.
-- depends: 0002.users

SET LOCAL ROLE ct_owner;

-- Types and not checks on the tables that every game writes: a check is parsed anew for each statement.
CREATE TYPE ledger.account_kind AS ENUM ('player', 'escrow', 'house', 'demo');
CREATE TYPE ledger.transfer_kind AS ENUM ('grant', 'stake', 'refund', 'settle');

COMMENT ON TYPE ledger.account_kind IS 'player; escrow: stakes of a room; house: fees; demo: source of demonstration Stars.';
COMMENT ON TYPE ledger.transfer_kind IS 'grant: demonstration Stars; stake; refund; settle: a pool that was won.';

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

COMMENT ON TABLE ledger.entries IS 'What a transfer added to or took from an account.';
COMMENT ON COLUMN ledger.entries.entry_id IS 'Rises with every entry of an account.';
COMMENT ON COLUMN ledger.entries.transfer_id IS 'The transfer it is part of.';
COMMENT ON COLUMN ledger.entries.account_id IS 'The account that changed.';
COMMENT ON COLUMN ledger.entries.amount IS 'Stars: positive came in, negative went out.';
COMMENT ON COLUMN ledger.entries.balance_after IS 'The player''s balance after it; null for accounts that have no balance row.';

INSERT INTO ledger.accounts (kind) VALUES ('house'), ('demo');

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RAISE EXCEPTION 'ledger.% is only ever added to', tg_table_name USING ERRCODE = 'integrity_constraint_violation';
END
$function$;

COMMENT ON FUNCTION ledger.refuse_change() IS 'Refuses to change, delete or truncate what the ledger holds, whoever asks.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.check_zero_sum() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transfer_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a transfer does not sum to zero' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION ledger.check_zero_sum() IS 'All entries of a transfer are added by one statement and sum to zero.';

CREATE TRIGGER zero_sum AFTER INSERT ON ledger.entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_zero_sum();

GRANT SELECT, INSERT ON ledger.accounts, ledger.transfers, ledger.entries TO ct_ledger;
GRANT SELECT, INSERT, UPDATE (balance) ON ledger.balances TO ct_ledger;
GRANT CREATE ON SCHEMA ledger TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION ledger.post(
    p_key text, p_kind ledger.transfer_kind, p_room_id text, p_reason text, p_accounts bigint[], p_amounts bigint[]
) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_transfer_id bigint;
BEGIN
    INSERT INTO ledger.transfers (key, kind, room_id, reason) VALUES (p_key, p_kind, p_room_id, p_reason)
    RETURNING transfer_id INTO v_transfer_id;
    WITH moved AS (
        UPDATE ledger.balances AS b SET balance = b.balance + p_amounts[array_position(p_accounts, b.account_id)]
        WHERE b.account_id = ANY (p_accounts)
        RETURNING b.account_id, b.balance
    )
    INSERT INTO ledger.entries (transfer_id, account_id, amount, balance_after)
    SELECT v_transfer_id, leg.account_id, leg.amount,
        (SELECT moved.balance FROM moved WHERE moved.account_id = leg.account_id)
    FROM unnest(p_accounts, p_amounts) AS leg (account_id, amount)
    WHERE leg.amount <> 0;
END
$function$;

COMMENT ON FUNCTION ledger.post(text, ledger.transfer_kind, text, text, bigint[], bigint[]) IS
    'The only code that moves Stars. Names each account once. Fails when the key was used or a player would go below zero. Who touches several players locks their balances first, in the order of the accounts.';

CREATE FUNCTION ledger.open_account(p_user_id bigint, p_demo_stars bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_account_id bigint;
BEGIN
    INSERT INTO ledger.accounts (kind, user_id) VALUES ('player', p_user_id) RETURNING account_id INTO v_account_id;
    INSERT INTO ledger.balances (account_id, user_id) VALUES (v_account_id, p_user_id);
    IF p_demo_stars > 0 THEN
        PERFORM ledger.post(
            'grant:' || p_user_id, 'grant', NULL, NULL,
            ARRAY[(SELECT account_id FROM ledger.accounts WHERE kind = 'demo' AND currency = 'XTR'), v_account_id],
            ARRAY[-p_demo_stars, p_demo_stars]
        );
    END IF;
END
$function$;

COMMENT ON FUNCTION ledger.open_account(bigint, bigint) IS 'Opens a new player''s account, with demonstration Stars or 0.';

CREATE FUNCTION ledger.balance(OUT balance bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT b.balance FROM ledger.balances AS b WHERE b.user_id = auth.claim());

COMMENT ON FUNCTION ledger.balance() IS 'The balance of the claim''s user; null without a claim.';

CREATE FUNCTION ledger.statement(p_before bigint, p_limit int)
    RETURNS TABLE (
        entry_id bigint, kind ledger.transfer_kind, room_id text, reason text, amount bigint, balance_after bigint, created_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.entry_id, t.kind, t.room_id, t.reason, e.amount, e.balance_after, t.created_at
    FROM ledger.balances AS b
    JOIN ledger.entries AS e USING (account_id)
    JOIN ledger.transfers AS t USING (transfer_id)
    WHERE b.user_id = auth.claim() AND (p_before IS NULL OR e.entry_id < p_before)
    ORDER BY e.entry_id DESC
    LIMIT p_limit;
END;

COMMENT ON FUNCTION ledger.statement(bigint, int) IS 'Changes of the claim''s user''s balance, newest first, below an entry.';

GRANT EXECUTE ON FUNCTION ledger.open_account(bigint, bigint) TO ct_auth;
GRANT EXECUTE ON FUNCTION ledger.balance(), ledger.statement(bigint, int) TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA ledger FROM ct_ledger;
RESET ROLE;
