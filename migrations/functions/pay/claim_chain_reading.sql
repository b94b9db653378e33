SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.claim_chain_reading(p_lease_s double precision) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH taken AS (
        UPDATE pay.chain_reader AS r SET due_at = now() + make_interval(secs => p_lease_s)
        WHERE r.due_at <= now() RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken);
END;

COMMENT ON FUNCTION pay.claim_chain_reading IS
    'Whether the chain''s book is due to be compared; then it is the caller''s for so many seconds.';
GRANT EXECUTE ON FUNCTION pay.claim_chain_reading TO ct_settler;
