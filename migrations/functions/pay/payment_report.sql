SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.payment_report(p_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH charges AS (
        SELECT r.* FROM pay.star_receipts AS r WHERE r.charge_id = p_id OR r.payment_id::text = p_id
    ), orders AS (
        SELECT p.* FROM pay.payments AS p
        WHERE p.payment_id::text = p_id OR p.payment_id IN (SELECT c.payment_id FROM charges AS c)
    ), keys AS (
        SELECT k.key FROM charges AS c, LATERAL (
            VALUES ('deposit:stars:' || c.charge_id), ('deposit_assigned:' || c.charge_id),
                ('deposit_refunded:' || c.charge_id), ('chargeback:' || c.charge_id)
        ) AS k (key)
        UNION ALL
        SELECT k.key FROM charges AS c, generate_series(1, c.attempt) AS n, LATERAL (
            VALUES ('deposit_refund:' || c.charge_id || ':' || n), ('deposit_refund_back:' || c.charge_id || ':' || n)
        ) AS k (key)
    )
    SELECT CASE WHEN EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM charges) THEN jsonb_build_object(
        'payment', (SELECT to_jsonb(o) - 'invoice_payload' FROM orders AS o),
        'charges', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.number), '[]') FROM charges AS c),
        'assignments', (
            SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM pay.star_assignments AS s
            WHERE s.charge_id IN (SELECT c.charge_id FROM charges AS c)
        ),
        'telegram', (
            SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.made_at, b.direction), '[]')
            FROM pay.star_transactions AS b WHERE b.transaction_id IN (SELECT c.charge_id FROM charges AS c)
        ),
        'transfers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'transfer_id', t.transfer_id, 'key', t.key, 'kind', t.kind, 'reason', t.reason, 'at', t.created_at,
                'entries', (
                    SELECT jsonb_agg(jsonb_build_object(
                        'account', a.kind, 'user_id', a.user_id, 'amount', e.amount, 'balance_after', e.balance_after
                    ) ORDER BY e.entry_id)
                    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
                    WHERE e.transfer_id = t.transfer_id
                )
            ) ORDER BY t.transfer_id), '[]')
            FROM ledger.transfers AS t JOIN keys AS k USING (key)
        )
    ) END;
END;

COMMENT ON FUNCTION pay.payment_report IS
    'A payment, by its id or by one of its charges, with everything that is known of it; null: there is none.';
GRANT EXECUTE ON FUNCTION pay.payment_report TO ct_operator;
