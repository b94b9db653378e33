SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.finish_delivery(p_notice_id bigint, p_delivery text, p_again_s double precision) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE bot.notices AS n
    SET delivery = CASE WHEN p_again_s IS NULL THEN p_delivery END,
        delivery_at = CASE WHEN p_again_s IS NULL THEN now() END,
        due_at = CASE WHEN p_again_s IS NOT NULL THEN now() + make_interval(secs => p_again_s) END
    WHERE n.notice_id = p_notice_id AND n.delivery = 'sending';
    -- Flood control is for everybody.
    UPDATE bot.pace AS p SET next_at = greatest(p.next_at, now() + make_interval(secs => p_again_s))
    WHERE p_again_s IS NOT NULL;
END;

COMMENT ON FUNCTION bot.finish_delivery IS
    'What Telegram said to a notice: sent, refused; or it was surely not sent and is to be said again after a time.';
GRANT EXECUTE ON FUNCTION bot.finish_delivery TO ct_settler;
