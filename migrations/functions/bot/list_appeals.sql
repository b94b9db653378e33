SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.list_appeals(p_open boolean, p_limit int)
    RETURNS TABLE (
        appeal_id bigint, user_id bigint, name text, kind text, room_id text, reason text, words text,
        created_at timestamptz, answer text, answered_by text, answered_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.appeal_id, p.user_id, u.name, n.kind, n.room_id, n.reason, p.words, p.created_at, p.answer, p.answered_by,
        p.answered_at
    FROM bot.appeals AS p JOIN bot.notices AS n USING (notice_id) JOIN public.users AS u ON u.user_id = p.user_id
    WHERE p.answer IS NULL OR NOT p_open
    ORDER BY p.appeal_id LIMIT p_limit;
END;

COMMENT ON FUNCTION bot.list_appeals IS 'Appeals for operators, the longest waiting first.';
GRANT EXECUTE ON FUNCTION bot.list_appeals TO ct_operator;
