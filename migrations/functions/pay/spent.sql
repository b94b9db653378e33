SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.spent(p_user_id bigint, p_now timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH today (began) AS (SELECT date_trunc('day', p_now, 'UTC'))
    SELECT coalesce(sum(s.amount), 0)
    FROM (
        SELECT l.amount, l.created_at FROM game.seats AS l
        WHERE l.user_id = p_user_id AND l.state = 'live'
        UNION ALL
        -- What was paid today was decided today or later, and by that it is found.
        SELECT d.amount, d.created_at FROM game.seats AS d
        WHERE d.user_id = p_user_id AND d.decided_at IS NOT NULL
            AND d.decided_at >= (SELECT today.began FROM today) AND d.state <> 'refunded'
    ) AS s
    WHERE s.created_at >= (SELECT today.began FROM today)
        AND s.created_at < (SELECT today.began FROM today) + interval '24 hours';
END;

COMMENT ON FUNCTION pay.spent IS
    'Stakes that a player paid on the UTC day of that moment, less those of them that came back.';
