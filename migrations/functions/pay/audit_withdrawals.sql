-- depends: pay.house_account
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.audit_withdrawals() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT 'held_differs', 'account held', 'ledger ' || l.stars || ', withdrawals ' || w.stars
    FROM (
        SELECT coalesce(sum(e.amount), 0) AS stars FROM ledger.entries AS e WHERE e.account_id = pay.house_account('held')
    ) AS l, (
        SELECT coalesce(sum(o.stars), 0) AS stars FROM pay.withdrawals AS o WHERE o.state NOT IN ('sent', 'returned')
    ) AS w
    WHERE l.stars <> w.stars
    UNION ALL
    SELECT 'withdrawal_transfer_differs', 'withdrawal ' || w.withdrawal_id, w.state || ', ' || k.kind
        || CASE WHEN t.transfer_id IS NULL THEN ' is missing' ELSE ' is in the ledger' END
    FROM pay.withdrawals AS w
    CROSS JOIN unnest(ARRAY['withdrawal', 'payout', 'withdrawal_return']) AS k (kind)
    LEFT JOIN ledger.transfers AS t ON t.key = k.kind || ':' || w.withdrawal_id
    WHERE (t.transfer_id IS NOT NULL)
        <> (k.kind = 'withdrawal' OR (k.kind = 'payout' AND w.state = 'sent')
            OR (k.kind = 'withdrawal_return' AND w.state = 'returned'))
    UNION ALL
    SELECT 'withdrawal_amount_differs', t.key, 'ledger ' || e.amount || ', withdrawal ' || w.stars
    FROM pay.withdrawals AS w
    JOIN ledger.transfers AS t
        ON t.key IN ('withdrawal:' || w.withdrawal_id, 'payout:' || w.withdrawal_id, 'withdrawal_return:' || w.withdrawal_id)
    JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = pay.house_account('held')
    WHERE abs(e.amount) <> w.stars
    UNION ALL
    SELECT 'transfer_without_withdrawal', t.key, t.kind::text
    FROM ledger.transfers AS t
    WHERE t.kind IN ('withdrawal', 'payout', 'withdrawal_return')
        AND NOT EXISTS (SELECT FROM pay.withdrawals AS w WHERE w.withdrawal_id::text = split_part(t.key, ':', 2));
END;

COMMENT ON FUNCTION pay.audit_withdrawals IS
    'Everything that is wrong with withdrawals and their entries at this moment; no rows: nothing is.';
GRANT EXECUTE ON FUNCTION pay.audit_withdrawals TO ct_settler;
