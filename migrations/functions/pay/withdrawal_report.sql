SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.withdrawal_report(p_withdrawal_id uuid, OUT o_withdrawal pay.withdrawals, OUT o_events jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w, (
        SELECT jsonb_agg(jsonb_build_object(
            'at', e.created_at, 'state', e.state, 'attempt', e.attempt, 'by', e.actor, 'login', e.login, 'what', e.detail
        ) ORDER BY e.event_id)
        FROM pay.withdrawal_events AS e WHERE e.withdrawal_id = w.withdrawal_id
    )
    FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id;
END;

COMMENT ON FUNCTION pay.withdrawal_report IS 'For operators: one withdrawal and its steps.';
GRANT EXECUTE ON FUNCTION pay.withdrawal_report TO ct_settler;
