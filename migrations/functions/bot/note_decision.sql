SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION bot.note_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT p.user_id::bigint,
        CASE
            WHEN NEW.outcome = 'refunded' AND NEW.reason = 'nobody_tapped' THEN 'refund'
            WHEN NEW.outcome = 'refunded' THEN 'cancelled'
            WHEN p.user_id::bigint = NEW.winner_id THEN 'prize'
            WHEN p.user_id::bigint = NEW.organizer_id THEN 'organizer_fee'
            ELSE 'refund'
        END,
        NEW.room_id, NEW.room_id, p.amount::bigint,
        CASE WHEN NEW.outcome = 'refunded' THEN NEW.reason
            WHEN p.user_id::bigint NOT IN (NEW.winner_id, coalesce(NEW.organizer_id, 0)) THEN 'not_ranked' END
    FROM jsonb_each_text(NEW.decision -> 'payouts') AS p (user_id, amount)
    WHERE p.amount <> '0' OR (NEW.outcome = 'refunded' AND p.user_id::bigint = NEW.organizer_id)
    ON CONFLICT DO NOTHING;
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT s.user_id, 'blocked', s.room_id, s.room_id, CASE WHEN s.state = 'settled' THEN s.amount END, 'too_fast'
    FROM game.seats AS s WHERE s.room_id = NEW.room_id AND s.decided_at = NEW.decided_at AND s.blocked
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_decision IS
    'Notes in the transaction that decides a room who won, who got a stake back, and who was blocked.';
GRANT EXECUTE ON FUNCTION bot.note_decision TO ct_owner;
