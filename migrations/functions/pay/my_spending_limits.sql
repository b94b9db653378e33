-- depends: auth.claim auth.person_of pay.spending_limits_at pay.spent
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_spending_limits(
    p_now timestamptz, OUT o_limits pay.spending_limits, OUT o_spent bigint, OUT o_day_ends_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT pay.spending_limits_at(l, coalesce(p_now, clock_timestamp())), pay.spent(c.person_id, coalesce(p_now, clock_timestamp())),
        date_trunc('day', coalesce(p_now, clock_timestamp()), 'UTC') + interval '24 hours'
    FROM (SELECT auth.person_of(auth.claim())) AS c (person_id)
    LEFT JOIN pay.spending_limits AS l ON l.person_id = c.person_id;
END;

COMMENT ON FUNCTION pay.my_spending_limits IS
    'The limits of whoever has the claim''s account, what of today is spent, and when today ends; at that moment or, if null, now.';
GRANT EXECUTE ON FUNCTION pay.my_spending_limits TO ct_player;
