SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.audit_payments() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sums AS (
        SELECT a.kind, sum(e.amount) AS stars
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind IN ('telegram', 'suspense', 'loss') AND t.kind::text IN ('deposit', 'deposit_refund', 'chargeback', 'debt')
        GROUP BY a.kind
    ), charges AS (
        SELECT coalesce(sum(r.stars) FILTER (WHERE r.state IN ('credited', 'review', 'refunding')), 0) AS here,
            coalesce(sum(r.stars) FILTER (WHERE r.state IN ('review', 'refunding')), 0) AS nobodys,
            coalesce(sum(r.lost), 0) - (SELECT coalesce(sum(d.paid), 0) FROM ledger.debts AS d) AS lost
        FROM pay.star_receipts AS r WHERE r.booked
    ), expected (kind, stars) AS (
        SELECT k.kind, CASE k.kind WHEN 'telegram' THEN -c.here WHEN 'suspense' THEN c.nobodys ELSE -c.lost END
        FROM charges AS c, unnest(ARRAY['telegram', 'suspense', 'loss']::ledger.account_kind[]) AS k (kind)
    )
    SELECT 'stars_account_differs', x.kind::text, 'ledger ' || coalesce(s.stars, 0) || ', receipts ' || x.stars
    FROM expected AS x LEFT JOIN sums AS s USING (kind) WHERE coalesce(s.stars, 0) <> x.stars
    UNION ALL
    SELECT 'charge_not_booked_once', 'charge ' || r.charge_id,
        CASE WHEN r.booked THEN 'not in the ledger' ELSE 'in the ledger' END
    FROM pay.star_receipts AS r LEFT JOIN ledger.transfers AS t ON t.key = 'deposit:stars:' || r.charge_id
    WHERE r.booked <> (t.transfer_id IS NOT NULL)
    UNION ALL
    SELECT 'payment_credit_differs', 'payment ' || p.payment_id,
        p.state || ', credited ' || p.credited || ', receipts ' || coalesce(sum(r.stars), 0)
    FROM pay.payments AS p LEFT JOIN pay.star_receipts AS r ON r.payment_id = p.payment_id AND r.state = 'credited'
    WHERE p.method = 'stars'
    GROUP BY p.payment_id HAVING p.credited <> coalesce(sum(r.stars), 0) OR (p.state = 'paid') <> (p.credited > 0)
    UNION ALL
    SELECT 'credit_to_another', 'charge ' || r.charge_id, 'paid by user ' || coalesce(r.user_id::text, 'unknown')
        || ', ordered by user ' || p.user_id
    FROM pay.star_receipts AS r JOIN pay.payments AS p USING (payment_id)
    WHERE r.state = 'credited' AND r.user_id IS DISTINCT FROM p.user_id;
END;

COMMENT ON FUNCTION pay.audit_payments IS
    'Everything that is wrong with payments and their entries at this moment; no rows: nothing is.';
GRANT EXECUTE ON FUNCTION pay.audit_payments TO ct_settler;
