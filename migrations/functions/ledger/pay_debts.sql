SET LOCAL ROLE ct_ledger;

-- Behind the lock of the account's balance.  Debts are locked after balances, in their order; other accounts of the
-- person are not touched, so a debt that is over is found out by each account when something comes to it.
CREATE OR REPLACE FUNCTION ledger.pay_debts(p_account_id bigint, p_why text, p_cause text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_payer ledger.balances;
    v_debt ledger.debts;
    v_part bigint;
    v_key text;
    v_is_over boolean := true;
BEGIN
    SELECT b.* INTO STRICT v_payer FROM ledger.balances AS b WHERE b.account_id = p_account_id;
    IF v_payer.granted > 0 THEN
        RETURN;
    END IF;
    FOR v_debt IN
        SELECT d.* FROM ledger.debts AS d
        WHERE d.user_id IN (SELECT auth.accounts_of(auth.person_of(v_payer.user_id))) AND d.closed_at IS NULL
        ORDER BY d.debt_id FOR NO KEY UPDATE
    LOOP
        v_part := least(v_payer.balance, v_debt.stars - v_debt.paid);
        v_is_over := v_part = v_debt.stars - v_debt.paid;
        EXIT WHEN v_part = 0;
        v_payer.balance := v_payer.balance - v_part;
        v_key := 'debt:' || v_debt.debt_id || ':' || v_debt.payments + 1;
        PERFORM ledger.post(
            v_key, 'debt', NULL, p_why,
            ARRAY[p_account_id, (SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = 'loss' AND a.currency = 'XTR')],
            ARRAY[-v_part, v_part]
        );
        INSERT INTO ledger.debt_payments (debt_id, number, user_id, stars, cause)
        VALUES (v_debt.debt_id, v_debt.payments + 1, v_payer.user_id, v_part, p_cause);
        UPDATE ledger.debts AS d
        SET paid = d.paid + v_part, payments = d.payments + 1, closed_at = CASE WHEN v_is_over THEN now() END
        WHERE d.debt_id = v_debt.debt_id;
        INSERT INTO bot.notices (user_id, kind, subject, amount, reason)
        VALUES (v_payer.user_id, 'debt', v_key, v_part, p_why);
    END LOOP;
    IF v_is_over THEN
        UPDATE ledger.balances AS b SET owes = false WHERE b.account_id = p_account_id;
    END IF;
END
$function$;

COMMENT ON FUNCTION ledger.pay_debts IS
    'Pays the debts of the account''s person, the oldest first, from what the account holds; demonstration Stars pay none.';
