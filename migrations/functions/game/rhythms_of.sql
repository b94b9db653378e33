SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.rhythms_of(p_room_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(s.user_id::text, kept.rhythms), '{}')
    FROM (SELECT DISTINCT seats.user_id FROM game.seats WHERE seats.room_id = p_room_id) AS s
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(h.room_id, encode(h.rhythm, 'hex')) AS rhythms FROM (
            SELECT r.room_id, r.rhythm FROM game.rhythms AS r
            WHERE r.user_id = s.user_id AND r.room_id <> p_room_id ORDER BY r.created_at DESC LIMIT 8
        ) AS h
    ) AS kept
    WHERE kept.rhythms IS NOT NULL;
END;

COMMENT ON FUNCTION game.rhythms_of IS 'Rhythms of earlier games of everybody who sat in a room, by user and room.';
