SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.audit_chain() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH account AS (
        SELECT coalesce(-sum(e.amount), 0) AS stars
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind = 'chain' AND t.kind = 'deposit'
    ), receipts AS (
        SELECT coalesce(sum(r.stars), 0) AS stars FROM pay.chain_receipts AS r
    )
    SELECT 'chain_account_differs', 'ledger', 'ledger ' || account.stars || ', receipts ' || receipts.stars
    FROM account, receipts WHERE account.stars <> receipts.stars
    UNION ALL
    SELECT 'chain_receipt_not_once', 'receipt ' || r.receipt_id,
        r.state || ' ' || coalesce(r.stars, 0) || ', ledger ' || coalesce(e.amount, 0)
    FROM pay.chain_receipts AS r
    LEFT JOIN ledger.transfers AS t ON t.key = 'deposit:ton:' || r.hash
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
    LEFT JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = b.account_id
    WHERE coalesce(e.amount, 0) <> coalesce(r.stars, 0)
    UNION ALL
    SELECT 'chain_deposit_without_receipt', 'transfer ' || t.transfer_id, t.key
    FROM ledger.transfers AS t LEFT JOIN pay.chain_receipts AS r ON 'deposit:ton:' || r.hash = t.key
    WHERE t.kind = 'deposit' AND t.key LIKE 'deposit:ton:%' AND r.receipt_id IS NULL
    UNION ALL
    SELECT 'payment_credit_differs', 'payment ' || p.payment_id,
        p.state || ', credited ' || p.credited || ', receipts ' || coalesce(sum(r.stars), 0)
    FROM pay.payments AS p LEFT JOIN pay.chain_receipts AS r ON r.payment_id = p.payment_id AND r.state = 'credited'
    WHERE p.method = 'ton'
    GROUP BY p.payment_id HAVING p.credited <> coalesce(sum(r.stars), 0) OR (p.state = 'paid') <> (p.credited > 0)
    UNION ALL
    SELECT 'credit_to_another', 'receipt ' || r.receipt_id, 'credited to user ' || r.user_id || ', ordered by user ' || p.user_id
    FROM pay.chain_receipts AS r JOIN pay.payments AS p USING (payment_id)
    WHERE r.state = 'credited' AND r.user_id <> p.user_id;
END;

COMMENT ON FUNCTION pay.audit_chain IS
    'Everything that is wrong with deposits of TON and their entries at this moment; no rows: nothing is.';
GRANT EXECUTE ON FUNCTION pay.audit_chain TO ct_settler;
