SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.hand_over_withdrawals(p_now_ms bigint, p_after_s double precision, p_limit int)
    RETURNS SETOF pay.withdrawals
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_before timestamptz := to_timestamp(p_now_ms / 1000.0) - make_interval(secs => p_after_s);
    v_row pay.withdrawals;
BEGIN
    FOR v_row IN
        SELECT w.* FROM pay.withdrawals AS w
        -- Begun so long ago and no end is known; or due so long ago, and nobody can go on with it.
        WHERE w.state = 'sending' AND (w.begun_at <= v_before OR w.next_try_at <= v_before)
        ORDER BY w.number LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        RETURN NEXT pay.close_withdrawal(
            v_row, CASE WHEN v_row.begun_at IS NULL THEN 'failed' ELSE 'unknown' END, 'worker',
            concat_ws(': ', 'no end in time', v_row.error), NULL, NULL
        );
    END LOOP;
END
$function$;

COMMENT ON FUNCTION pay.hand_over_withdrawals IS
    'Gives to an operator what is being sent for longer than p_after_s, whatever the reason, and whether or not its method is on.';
GRANT EXECUTE ON FUNCTION pay.hand_over_withdrawals TO ct_settler;
