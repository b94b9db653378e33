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

COMMENT ON FUNCTION bot.note_transfer IS
    'Notes in the transaction of a movement that its player did not ask for now. Runs at its end, when the entries are there.';
GRANT EXECUTE ON FUNCTION bot.note_transfer TO ct_owner;
