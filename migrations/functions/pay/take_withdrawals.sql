SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.take_withdrawals(p_method pay.payout_method, p_now_ms bigint, p_lease_s double precision, p_limit int)
    RETURNS SETOF pay.withdrawals
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.withdrawals AS w
    SET next_try_at = to_timestamp(p_now_ms / 1000.0) + make_interval(secs => p_lease_s)
    WHERE w.withdrawal_id IN (
        SELECT d.withdrawal_id FROM pay.withdrawals AS d
        WHERE d.state = 'sending' AND d.method = p_method AND d.next_try_at <= to_timestamp(p_now_ms / 1000.0)
        ORDER BY d.next_try_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING w.*;
END;

COMMENT ON FUNCTION pay.take_withdrawals IS
    'Withdrawals that are to be gone on with now; each is the caller''s for so many seconds.';
GRANT EXECUTE ON FUNCTION pay.take_withdrawals TO ct_settler;
