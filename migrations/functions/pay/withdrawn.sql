-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.withdrawn(p_user_id bigint, p_at timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(w.stars), 0) FROM pay.withdrawals AS w
    WHERE w.requested_at >= date_trunc('day', p_at, 'UTC')
        AND w.requested_at < date_trunc('day', p_at, 'UTC') + interval '24 hours'
        AND (p_user_id IS NULL OR w.user_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id)))) AND w.state <> 'returned';
END;

COMMENT ON FUNCTION pay.withdrawn IS 'Stars asked for on a UTC day, of whoever has that account or of all, less those that came back.';
