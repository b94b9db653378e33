SET LOCAL ROLE ct_ledger;

-- Nothing is booked: what is not paid lies in `loss` already, and stays there for good.
CREATE OR REPLACE FUNCTION pay.forgive_debt(p_debt_id bigint, p_reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_debt ledger.debts;
BEGIN
    SELECT d.* INTO v_debt FROM ledger.debts AS d WHERE d.debt_id = p_debt_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_debt.closed_at IS NOT NULL THEN
        RETURN CASE WHEN v_debt.forgiven > 0 THEN 'unchanged' ELSE 'conflict' END;
    END IF;
    UPDATE ledger.debts AS d
    SET forgiven = d.stars - d.paid, closed_at = now(), forgiven_by = auth.actor(), forgiven_reason = p_reason,
        forgiven_login = session_user
    WHERE d.debt_id = p_debt_id;
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION pay.forgive_debt IS
    'An operator forgives what is left of a debt, and says why; the account stays as blocked as it is. unchanged: it was forgiven before; conflict: it is paid.';
GRANT EXECUTE ON FUNCTION pay.forgive_debt TO ct_operator;
