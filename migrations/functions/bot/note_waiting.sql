SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION bot.note_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, amount, reason, expires_at)
    VALUES (
        NEW.user_id, 'withdrawal_waits', NEW.withdrawal_id::text, NEW.stars, NEW.waits_for, now() + interval '1 day'
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_waiting IS
    'Notes in the transaction in which a withdrawal begins to wait for a review that its player is to hear of it.';
GRANT EXECUTE ON FUNCTION bot.note_waiting TO ct_owner;
