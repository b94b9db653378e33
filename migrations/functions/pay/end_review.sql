SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.end_review(p_payment_id uuid) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET state = 'expired', closed_at = coalesce(p.closed_at, now())
    WHERE p.payment_id = p_payment_id AND p.state = 'review'
        AND NOT EXISTS (SELECT FROM pay.chain_receipts AS r WHERE r.payment_id = p.payment_id AND r.state = 'review');
END;

COMMENT ON FUNCTION pay.end_review IS
    'An order for which nothing waits any more was not paid: it is over, and can still be paid.';
