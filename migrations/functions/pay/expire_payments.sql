SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.expire_payments(p_now_ms bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET state = 'expired', closed_at = now()
    WHERE p.payment_id IN (
        SELECT w.payment_id FROM pay.payments AS w
        WHERE w.state = 'pending' AND w.expires_at <= to_timestamp(p_now_ms / 1000.0)
        ORDER BY w.expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING p.*;
END;

COMMENT ON FUNCTION pay.expire_payments IS
    'Ends the wait for payments whose time is over at that moment of Redis''s clock, some at a time.';
GRANT EXECUTE ON FUNCTION pay.expire_payments TO ct_settler;
