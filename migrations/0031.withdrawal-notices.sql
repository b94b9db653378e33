-- Players hear what became of a withdrawal: that it was sent, as that it came back. Of one that came back a word says
-- why; what Telegram or the chain said about it is for operators.
-- depends: 0025.notices 0023.withdrawals

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA bot TO ct_ledger;

ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE bot.notices ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'chargeback', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));

SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION bot.note_transfer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT a.user_id, CASE NEW.kind WHEN 'deposit_refund' THEN 'payment_refund' ELSE NEW.kind::text END,
        NEW.key, NEW.room_id, abs(e.amount),
        CASE WHEN NEW.kind = 'withdrawal_return' AND NEW.reason <> 'refused' THEN 'failed' ELSE NEW.reason END
    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
    WHERE e.transfer_id = NEW.transfer_id AND a.kind = 'player'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

CREATE FUNCTION bot.note_withdrawal() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, amount, reason, tell_until)
    VALUES (
        NEW.user_id, 'withdrawal_sent', NEW.withdrawal_id::text, NEW.stars, NEW.method::text, now() + interval '1 day'
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_withdrawal() IS
    'Notes in the transaction that books a withdrawal as sent that its player is to hear of it; the reason is the way.';

GRANT EXECUTE ON FUNCTION bot.note_withdrawal() TO ct_owner;

SET LOCAL ROLE ct_owner;

CREATE TRIGGER note_withdrawal AFTER UPDATE OF state ON pay.withdrawals FOR EACH ROW
    WHEN (NEW.state = 'sent' AND OLD.state <> 'sent')
    EXECUTE FUNCTION bot.note_withdrawal();

REVOKE CREATE ON SCHEMA bot FROM ct_ledger;
RESET ROLE;
