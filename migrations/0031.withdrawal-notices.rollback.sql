SET LOCAL ROLE ct_owner;
DROP TRIGGER note_withdrawal ON pay.withdrawals;
DELETE FROM bot.notices WHERE kind = 'withdrawal_sent';
ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE bot.notices ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'chargeback', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));
GRANT CREATE ON SCHEMA bot TO ct_ledger;
SET LOCAL ROLE ct_ledger;
DROP FUNCTION bot.note_withdrawal();
CREATE OR REPLACE FUNCTION bot.note_transfer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT a.user_id, CASE NEW.kind WHEN 'deposit_refund' THEN 'payment_refund' ELSE NEW.kind::text END,
        NEW.key, NEW.room_id, abs(e.amount), NEW.reason
    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
    WHERE e.transfer_id = NEW.transfer_id AND a.kind = 'player'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;
SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA bot FROM ct_ledger;
RESET ROLE;
