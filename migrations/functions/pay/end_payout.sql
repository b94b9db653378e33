SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.end_payout(
    p_withdrawal_id uuid, p_attempt int, p_outcome text, p_detail text, p_reference text, p_next_ms bigint,
    OUT o_status text, OUT o_balance bigint, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w
    WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    o_status := 'stale';
    IF o_withdrawal.state = 'sending' AND o_withdrawal.attempt = p_attempt THEN
        o_status := p_outcome;
        IF p_outcome = 'sent' AND EXISTS (SELECT FROM pay.withdrawals AS o WHERE o.reference = p_reference) THEN
            -- A transaction counts for one withdrawal.
            o_status := 'unknown';
            p_detail := 'it counts for another withdrawal: transaction ' || p_reference;
        END IF;
        o_withdrawal := pay.close_withdrawal(
            o_withdrawal, o_status, 'worker', p_detail, p_reference, to_timestamp(p_next_ms / 1000.0)
        );
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_withdrawal.user_id;
END
$function$;

COMMENT ON FUNCTION pay.end_payout IS
    'What became of an attempt: sent; returned (refused, the Stars go back); later (go on with the same); again (surely nothing left: a new attempt); failed (the same, but an operator decides); unknown (an operator decides). stale: it is not under way.';
GRANT EXECUTE ON FUNCTION pay.end_payout TO ct_settler;
