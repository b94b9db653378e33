SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.note_event(
    p_kind text, p_room_id text, p_user_ids bigint[], p_amount bigint, p_for_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH noted AS (
        INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, expires_at)
        SELECT u.user_id, p_kind, p_room_id, p_room_id, p_amount, now() + make_interval(secs => p_for_s)
        FROM unnest(p_user_ids) AS u (user_id)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM noted;
END;

COMMENT ON FUNCTION bot.note_event IS
    'Something in a room that its players should hear of soon, or not at all; once a room and player.';
GRANT EXECUTE ON FUNCTION bot.note_event TO ct_settler;
