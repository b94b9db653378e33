SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.claim_star_reconciliation(p_lease_s double precision) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH taken AS (
        UPDATE pay.star_reconciliation_schedule AS r SET due_at = now() + make_interval(secs => p_lease_s)
        WHERE r.due_at <= now() RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken);
END;

COMMENT ON FUNCTION pay.claim_star_reconciliation IS
    'Whether the reconciliation with Telegram is due; then it is the caller''s for so many seconds.';
GRANT EXECUTE ON FUNCTION pay.claim_star_reconciliation TO ct_settler;
