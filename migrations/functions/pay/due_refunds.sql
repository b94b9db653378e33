SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.due_refunds(p_charge_id text, p_lease_s double precision, p_limit int) RETURNS TABLE (charge_id text, payer_id bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.star_receipts AS r SET next_try_at = now() + make_interval(secs => p_lease_s)
    WHERE r.charge_id IN (
        SELECT d.charge_id FROM pay.star_receipts AS d
        WHERE d.state = 'refunding' AND d.next_try_at <= now() AND (p_charge_id IS NULL OR d.charge_id = p_charge_id)
        ORDER BY d.next_try_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING r.charge_id, r.payer_id;
END;

COMMENT ON FUNCTION pay.due_refunds IS
    'Refunds that Telegram is to be asked for now, all or that one; each is the caller''s for so many seconds.';
GRANT EXECUTE ON FUNCTION pay.due_refunds TO ct_settler;
