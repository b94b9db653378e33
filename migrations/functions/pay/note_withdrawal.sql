SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_withdrawal(p_withdrawal pay.withdrawals, p_actor text, p_detail text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO pay.withdrawal_events (withdrawal_id, state, attempt, actor, detail)
    VALUES (p_withdrawal.withdrawal_id, p_withdrawal.state, p_withdrawal.attempt, p_actor, left(p_detail, 200));
END;

COMMENT ON FUNCTION pay.note_withdrawal IS 'Writes a step down.';
