SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.due_notices(p_limit int, p_lease_s double precision)
    RETURNS TABLE (notice_id bigint, user_id bigint, insists boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS
$function$
BEGIN
    UPDATE bot.notices AS n
    SET due_at = NULL, delivery_at = now(), delivery = CASE WHEN n.expires_at < now() THEN 'late' ELSE 'no_chat' END
    WHERE n.notice_id IN (
        SELECT o.notice_id FROM bot.notices AS o
        JOIN auth.users AS a ON a.user_id = o.user_id LEFT JOIN auth.login_changes AS l ON l.change_id::text = o.subject AND o.kind LIKE 'login\_%'
        LEFT JOIN bot.chats AS c ON c.telegram_id = coalesce(l.telegram_id, a.telegram_id)
        WHERE o.due_at <= now() AND (
            o.expires_at < now() OR coalesce(l.telegram_id, a.telegram_id) IS NULL OR c.can_write IS FALSE
        )
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE OF o SKIP LOCKED
    );
    RETURN QUERY
        UPDATE bot.notices AS n SET due_at = now() + make_interval(secs => p_lease_s)
        WHERE n.notice_id IN (
            SELECT o.notice_id FROM bot.notices AS o WHERE o.due_at <= now()
            ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
        )
        RETURNING n.notice_id, n.user_id, n.kind LIKE 'login\_%';
END
$function$;

COMMENT ON FUNCTION bot.due_notices IS
    'Takes up notices that the bot should look at, for as long as the lease; those that are late or reach nobody are closed. insists: also while the app is open, which may be somebody else''s.';
GRANT EXECUTE ON FUNCTION bot.due_notices TO ct_settler;
