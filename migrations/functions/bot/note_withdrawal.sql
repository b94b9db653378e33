SET LOCAL ROLE ct_ledger;

-- Of one that came back a word says why (bot.note_transfer); what Telegram or the chain said about it is for operators.
CREATE OR REPLACE FUNCTION bot.note_withdrawal() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, amount, reason, expires_at)
    VALUES (
        NEW.user_id, 'withdrawal_sent', NEW.withdrawal_id::text, NEW.stars, NEW.method::text, now() + interval '1 day'
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_withdrawal IS
    'Notes in the transaction that books a withdrawal as sent that its player is to hear of it; the reason is the method.';
GRANT EXECUTE ON FUNCTION bot.note_withdrawal TO ct_owner;
