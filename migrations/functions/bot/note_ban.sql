SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.note_ban() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, reason, expires_at)
    VALUES (
        NEW.user_id, CASE WHEN NEW.banned_at IS NULL THEN 'unbanned' ELSE 'banned' END, clock_timestamp()::text,
        NEW.ban_reason, now() + interval '1 day'
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_ban IS
    'Notes in the transaction of a ban, or of its end, that the player is to hear of it.';
GRANT EXECUTE ON FUNCTION bot.note_ban TO ct_owner;
