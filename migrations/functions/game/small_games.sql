SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.small_games(p_room_id text, p_days int, p_seats int, p_latest int) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH players AS (
        SELECT s.user_id, count(*) OVER () AS seats FROM game.seats AS s JOIN game.rooms AS r USING (room_id)
        WHERE s.room_id = p_room_id AND s.decided_at = r.decided_at AND s.state = 'settled' AND NOT s.organizes
    )
    SELECT coalesce(jsonb_object_agg(p.user_id::text, jsonb_build_object('games', l.games, 'few', l.few)), '{}')
    FROM players AS p
    CROSS JOIN LATERAL (
        SELECT count(*) AS games, coalesce(jsonb_agg(jsonb_build_object(
            'room_id', g.room_id, 'stake', r.stake, 'winner', r.winner_id::text,
            'decided_ms', (extract(epoch FROM r.decided_at) * 1000)::bigint, 'taps', o.taps,
            'same_device', o.same_device, 'same_network', o.same_network
        )) FILTER (WHERE o.seats <= p_seats), '[]') AS few
        FROM (
            SELECT s.room_id, s.decided_at FROM game.seats AS s
            WHERE s.user_id = p.user_id AND s.decided_at > now() - make_interval(days => p_days)
                AND s.state = 'settled' AND NOT s.organizes
            ORDER BY s.decided_at DESC LIMIT p_latest
        ) AS g
        JOIN game.rooms AS r ON r.room_id = g.room_id AND r.outcome = 'settled'
        CROSS JOIN LATERAL (
            SELECT count(*) AS seats, jsonb_object_agg(s.user_id::text, coalesce(s.taps, 0)) AS taps,
                coalesce(jsonb_agg(s.user_id::text) FILTER (WHERE k.signals @> '[{"name": "same_device"}]'), '[]') AS same_device,
                coalesce(jsonb_agg(s.user_id::text) FILTER (WHERE k.signals @> '[{"name": "same_network"}]'), '[]') AS same_network
            FROM game.seats AS s LEFT JOIN game.signals AS k ON k.room_id = s.room_id AND k.user_id = s.user_id
            WHERE s.room_id = g.room_id AND s.decided_at = g.decided_at AND NOT s.organizes
        ) AS o
    ) AS l
    WHERE p.seats <= p_seats;
END;

COMMENT ON FUNCTION game.small_games IS
    'Of a game of at most so many seats, each player''s latest games within so many days: how many, and those of so few seats with their taps and who shared a device or a network.';
