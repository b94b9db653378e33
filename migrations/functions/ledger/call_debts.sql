SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.call_debts(p_person_id bigint, p_why text, p_cause text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_users bigint[] := ARRAY(SELECT auth.accounts_of(p_person_id));
BEGIN
    IF NOT EXISTS (SELECT FROM ledger.debts AS d WHERE d.user_id = ANY (v_users) AND d.closed_at IS NULL) THEN
        RETURN;
    END IF;
    PERFORM FROM ledger.balances AS b WHERE b.user_id = ANY (v_users) ORDER BY b.account_id FOR NO KEY UPDATE;
    UPDATE ledger.balances AS b SET owes = true WHERE b.user_id = ANY (v_users) AND b.granted = 0;
    PERFORM ledger.pay_debts(o.account_id, p_why, p_cause) FROM (
        SELECT b.account_id FROM ledger.balances AS b
        WHERE b.user_id = ANY (v_users) AND b.granted = 0 AND b.balance > 0
        ORDER BY b.account_id
    ) AS o;
END
$function$;

COMMENT ON FUNCTION ledger.call_debts IS
    'Makes every account of the person pay the person''s debts, with what it holds and with what comes to it. Behind the person''s lock.';
GRANT EXECUTE ON FUNCTION ledger.call_debts TO ct_auth;
