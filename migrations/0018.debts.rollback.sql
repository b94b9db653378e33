SET LOCAL ROLE ct_owner;

DROP TABLE ledger.debt_payments, ledger.debts CASCADE;
ALTER TABLE ledger.balances DROP COLUMN owes CASCADE, DROP COLUMN granted CASCADE;
ALTER TABLE pay.star_assignments DROP COLUMN attempts CASCADE;
ALTER TABLE game.rooms DROP COLUMN demo CASCADE;
DELETE FROM bot.notices WHERE kind = 'debt';
ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check, ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'chargeback', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));

-- A value of a type cannot be taken back, so it is another type, and what is bound to the old one goes.
DO $bound$
DECLARE
    v_function text;
BEGIN
    FOR v_function IN
        SELECT DISTINCT d.objid::regprocedure::text FROM pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND (
            d.refobjid = 'ledger.transfer_kind'::regtype
            OR (d.refobjid = 'ledger.transfers'::regclass AND d.refobjsubid = (
                SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = 'ledger.transfers'::regclass AND a.attname = 'kind'
            ))
        )
    LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS ' || v_function || ' CASCADE';
    END LOOP;
END
$bound$;
DROP TRIGGER note_transfer ON ledger.transfers;
ALTER TYPE ledger.transfer_kind RENAME TO transfer_kind_with_debts;
CREATE TYPE ledger.transfer_kind AS ENUM (
    'grant', 'stake', 'refund', 'settle', 'bonus', 'deposit', 'deposit_refund', 'chargeback', 'withdrawal',
    'withdrawal_return', 'payout'
);
COMMENT ON TYPE ledger.transfer_kind IS
    'grant: demonstration Stars; stake; refund; settle: a pool that was won; bonus: reward of a finished bonus run; deposit; deposit_refund: a deposit sent back; chargeback: a deposit that Telegram took back; withdrawal: from the player into held; withdrawal_return: back to the player; payout: held Stars that left.';
ALTER TABLE ledger.transfers ALTER COLUMN kind TYPE ledger.transfer_kind
    USING CASE kind::text WHEN 'debt' THEN 'chargeback' ELSE kind::text END::ledger.transfer_kind;
DROP TYPE ledger.transfer_kind_with_debts;
CREATE CONSTRAINT TRIGGER note_transfer AFTER INSERT ON ledger.transfers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind IN ('bonus', 'deposit_refund', 'withdrawal_return', 'chargeback')
        OR (NEW.kind = 'refund' AND NEW.reason = 'seat_lost'))
    EXECUTE FUNCTION bot.note_transfer();
COMMENT ON COLUMN ledger.transfers.key IS 'What makes it happen once: stake:<seat>, refund:<seat>, settle:<room>, grant:<user>.';
COMMENT ON COLUMN ledger.transfers.reason IS 'Why a refund was made.';

RESET ROLE;
