-- depends: auth.claim pay.spending_limits_at pay.spent
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_spending_limits(
    p_now timestamptz, OUT o_limits pay.spending_limits, OUT o_spent bigint, OUT o_day_ends_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT pay.spending_limits_at(l, coalesce(p_now, clock_timestamp())), pay.spent(c.user_id, coalesce(p_now, clock_timestamp())),
        date_trunc('day', coalesce(p_now, clock_timestamp()), 'UTC') + interval '24 hours'
    FROM (SELECT auth.claim()) AS c (user_id) LEFT JOIN pay.spending_limits AS l ON l.user_id = c.user_id;
END;

COMMENT ON FUNCTION pay.my_spending_limits IS
    'The claim''s user''s limits, what of today is spent, and when today ends; at that moment or, if null, now.';
GRANT EXECUTE ON FUNCTION pay.my_spending_limits TO ct_player;
