SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.expected_legs()
    RETURNS TABLE (key text, kind text, room_id text, account_id bigint, amount bigint)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH house AS (
        SELECT max(a.account_id) FILTER (WHERE a.kind = 'demo') AS demo,
            max(a.account_id) FILTER (WHERE a.kind = 'loss') AS loss
        FROM ledger.accounts AS a
    )
    SELECT 'grant:' || b.user_id, 'grant', NULL::text, leg.account_id, leg.amount
    FROM ledger.balances AS b CROSS JOIN house
    CROSS JOIN LATERAL (VALUES (house.demo, -b.granted), (b.account_id, b.granted)) AS leg (account_id, amount)
    WHERE b.granted > 0
    UNION ALL
    SELECT 'debt:' || p.debt_id || ':' || p.number, 'debt', NULL, leg.account_id, leg.amount
    FROM ledger.debt_payments AS p JOIN ledger.balances AS b USING (user_id) CROSS JOIN house
    CROSS JOIN LATERAL (VALUES (b.account_id, -p.stars), (house.loss, p.stars)) AS leg (account_id, amount);
END;

COMMENT ON FUNCTION ledger.expected_legs IS 'The entries that new accounts and debts call for, leg by leg.';
