-- depends: auth.accounts_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.spent(p_person_id bigint, p_now timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH today (began) AS (SELECT date_trunc('day', p_now, 'UTC')),
        mine (user_ids) AS (SELECT array_agg(a.user_id) FROM auth.accounts_of(p_person_id) AS a (user_id))
    SELECT coalesce(sum(s.amount), 0)
    FROM (
        SELECT l.amount, l.created_at FROM game.seats AS l
        WHERE l.user_id = ANY ((SELECT mine.user_ids FROM mine)::bigint[]) AND l.state = 'live'
        UNION ALL
        -- What was paid today was decided today or later, and by that it is found.
        SELECT d.amount, d.created_at FROM game.seats AS d
        WHERE d.user_id = ANY ((SELECT mine.user_ids FROM mine)::bigint[]) AND d.decided_at IS NOT NULL
            AND d.decided_at >= (SELECT today.began FROM today) AND d.state <> 'refunded'
    ) AS s
    WHERE s.created_at >= (SELECT today.began FROM today)
        AND s.created_at < (SELECT today.began FROM today) + interval '24 hours';
END;

COMMENT ON FUNCTION pay.spent IS
    'Stakes that a person paid, with whichever account, on the UTC day of that moment, less those of them that came back.';
