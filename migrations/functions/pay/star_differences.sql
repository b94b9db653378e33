SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.star_differences(p_grace_s double precision) RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH known AS (
        SELECT r.*, now() - make_interval(secs => p_grace_s) AS settled_at FROM pay.star_receipts AS r
    ), payouts AS (
        SELECT coalesce(sum(e.amount), 0) AS stars, max(t.created_at) AS last_at
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind = 'telegram' AND t.kind = 'payout'
    ), premium AS (
        SELECT coalesce(sum(b.stars), 0) AS stars, max(b.made_at) AS last_at
        FROM pay.star_transactions AS b WHERE b.direction = 'out' AND b.purpose = 'premium_purchase'
    )
    SELECT 'not_in_our_book', 'charge ' || b.transaction_id, b.direction || ', ' || b.stars || ' Stars'
    FROM pay.star_transactions AS b LEFT JOIN known AS r ON r.charge_id = b.transaction_id
    WHERE b.purpose = 'invoice_payment' AND NOT b.matched
        AND (r.charge_id IS NULL OR b.direction = 'out' AND r.state NOT IN ('refunded', 'charged_back'))
    UNION ALL
    SELECT 'not_in_telegrams_book', 'charge ' || r.charge_id, 'in, ' || r.stars || ' ' || r.currency || ', ' || r.state
    FROM known AS r LEFT JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id AND b.direction = 'in'
    WHERE b.transaction_id IS NULL AND r.received_at < r.settled_at AND r.currency = 'XTR'
    UNION ALL
    SELECT 'not_in_telegrams_book', 'charge ' || r.charge_id, 'out, ' || r.stars || ' ' || r.currency || ', ' || r.state
    FROM known AS r LEFT JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id AND b.direction = 'out'
    WHERE b.transaction_id IS NULL AND r.closed_at < r.settled_at AND r.currency = 'XTR'
    UNION ALL
    SELECT 'amount_differs', 'charge ' || r.charge_id,
        b.direction || ', Telegram ' || b.stars || ' of ' || coalesce(b.payer_id::text, 'nobody')
        || ', ours ' || r.stars || ' of ' || r.payer_id
    FROM known AS r JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id
    WHERE b.stars <> r.stars OR b.nanostars <> 0 OR b.payer_id IS DISTINCT FROM r.payer_id
    UNION ALL
    SELECT 'refund_stuck', 'charge ' || r.charge_id, r.stars || ' Stars: ' || coalesce(r.error, 'not asked for')
    FROM known AS r WHERE r.state = 'refunding' AND r.asked_at < r.settled_at
    UNION ALL
    SELECT 'payouts_differ', 'premium', 'Telegram ' || premium.stars || ', ours ' || payouts.stars
    FROM payouts, premium
    WHERE premium.stars <> payouts.stars
        AND greatest(premium.last_at, payouts.last_at) < now() - make_interval(secs => p_grace_s);
END;

COMMENT ON FUNCTION pay.star_differences IS
    'What differs between Telegram''s transactions, as read, and ours; what is younger than p_grace_s in ours is given time to show up there.';
GRANT EXECUTE ON FUNCTION pay.star_differences TO ct_settler;
