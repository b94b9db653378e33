SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.name_transaction(
    p_withdrawal_id uuid, p_reference text, OUT o_status text, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT w.* INTO o_withdrawal FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    o_status := CASE
        WHEN o_withdrawal.withdrawal_id IS NULL THEN 'not_found'
        WHEN o_withdrawal.state <> 'sent' THEN 'conflict'
        WHEN o_withdrawal.reference = p_reference THEN 'ok'
        WHEN o_withdrawal.reference IS NOT NULL THEN 'conflict'
        WHEN EXISTS (SELECT FROM pay.withdrawals AS o WHERE o.reference = p_reference) THEN 'taken'
    END;
    IF o_status IS NULL THEN
        UPDATE pay.withdrawals AS w SET reference = p_reference
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        PERFORM pay.note_withdrawal(o_withdrawal, auth.actor(), 'its transaction: ' || p_reference);
        o_status := 'ok';
    END IF;
EXCEPTION WHEN unique_violation THEN
    o_status := 'taken';
END
$function$;

COMMENT ON FUNCTION pay.name_transaction IS
    'An operator''s word which transaction a withdrawal is that was sent and has none; repeated, it is ok again. taken: it counts for another withdrawal; conflict: it was not sent, or has another.';
GRANT EXECUTE ON FUNCTION pay.name_transaction TO ct_operator;
