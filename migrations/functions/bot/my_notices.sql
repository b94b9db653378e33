-- depends: auth.claim
SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.my_notices(p_before bigint, p_limit int)
    RETURNS TABLE (
        notice_id bigint, kind text, room_id text, amount bigint, reason text, created_at timestamptz,
        can_appeal boolean, appeal text, appealed_at timestamptz, answer text, answered_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT n.notice_id, n.kind, n.room_id, n.amount, n.reason, n.created_at,
        n.kind IN ('blocked', 'banned') AND p.appeal_id IS NULL, p.words, p.created_at, p.answer, p.answered_at
    FROM bot.notices AS n LEFT JOIN bot.appeals AS p USING (notice_id)
    WHERE n.user_id = auth.claim() AND n.kind NOT IN ('game_starts', 'room_expires', 'login_linked', 'login_unlinked')
        AND n.notice_id < coalesce(p_before, 9223372036854775807)
    ORDER BY n.notice_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION bot.my_notices IS 'Notices of the claim''s user, newest first, with its appeals and their answers.';
GRANT EXECUTE ON FUNCTION bot.my_notices TO ct_player;
