SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.pending_payments(p_user_id bigint, p_now_ms bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) FROM pay.payments AS p
    WHERE p.user_id = p_user_id AND p.state = 'pending' AND p.expires_at > to_timestamp(p_now_ms / 1000.0);
END;

COMMENT ON FUNCTION pay.pending_payments(bigint, bigint) IS 'How many orders of a user wait at that moment of Redis''s clock.';

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
