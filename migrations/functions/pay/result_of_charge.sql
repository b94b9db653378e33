SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.result_of_charge(p_charge_id text, p_status text, p_blocked boolean) RETURNS pay.charge_result
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p_status, r, p, b.balance, p_blocked
    FROM (SELECT) AS always
    LEFT JOIN pay.star_receipts AS r ON r.charge_id = p_charge_id
    LEFT JOIN pay.payments AS p USING (payment_id)
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id;
END;

COMMENT ON FUNCTION pay.result_of_charge IS 'What became of a charge, its order and its player''s balance.';
