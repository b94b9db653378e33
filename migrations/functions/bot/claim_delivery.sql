SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.claim_delivery(
    p_notice_id bigint, p_per_s double precision,
    OUT o_wait_s double precision, OUT o_telegram_id bigint, OUT o_language text, OUT o_kind text, OUT o_room_id text,
    OUT o_amount bigint, OUT o_reason text, OUT o_subject text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS
$function$
DECLARE
    v_next_at timestamptz;
    v_user_id bigint;
    v_now timestamptz;
BEGIN
    -- Whoever holds this row is the only one that begins to speak.
    SELECT p.next_at INTO STRICT v_next_at FROM bot.pace AS p FOR UPDATE;
    v_now := clock_timestamp();
    -- Of a change of the ways in the Telegram account hears that was there before.
    SELECT n.user_id, coalesce(l.telegram_id, a.telegram_id), coalesce(a.language, a.language_code), n.kind, n.room_id,
        n.amount, n.reason, n.subject
    INTO v_user_id, o_telegram_id, o_language, o_kind, o_room_id, o_amount, o_reason, o_subject
    FROM bot.notices AS n JOIN auth.users AS a USING (user_id)
    LEFT JOIN auth.login_changes AS l ON l.change_id::text = n.subject AND n.kind LIKE 'login\_%'
    WHERE n.notice_id = p_notice_id AND n.due_at IS NOT NULL AND n.expires_at >= v_now FOR UPDATE OF n;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    o_wait_s := greatest(
        0,
        extract(epoch FROM v_next_at - v_now),
        (
            SELECT extract(epoch FROM max(o.delivery_at) + interval '1 second' - v_now) FROM bot.notices AS o
            WHERE o.user_id = v_user_id AND o.delivery IN ('sending', 'sent')
                AND o.delivery_at > v_now - interval '1 second'
        )
    );
    IF o_wait_s = 0 THEN
        UPDATE bot.pace AS p SET next_at = v_now + make_interval(secs => 1 / p_per_s);
        UPDATE bot.notices AS n SET due_at = NULL, delivery = 'sending', delivery_at = v_now
        WHERE n.notice_id = p_notice_id;
    END IF;
END
$function$;

COMMENT ON FUNCTION bot.claim_delivery IS
    'From here on the notice counts as said. o_wait_s: come back after that time; null: it was said, or is late.';
GRANT EXECUTE ON FUNCTION bot.claim_delivery TO ct_settler;
