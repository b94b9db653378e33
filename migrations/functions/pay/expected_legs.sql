SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.expected_legs()
    RETURNS TABLE (key text, kind text, room_id text, account_id bigint, amount bigint)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH house AS (
        SELECT max(a.account_id) FILTER (WHERE a.kind = 'telegram') AS telegram,
            max(a.account_id) FILTER (WHERE a.kind = 'suspense') AS suspense,
            max(a.account_id) FILTER (WHERE a.kind = 'loss') AS loss,
            max(a.account_id) FILTER (WHERE a.kind = 'held') AS held,
            max(a.account_id) FILTER (WHERE a.kind = 'chain') AS chain
        FROM ledger.accounts AS a
    ), charges AS (
        -- Credited as it came, or given to a player later: from then on it is that player's, and so is each refund of it.
        SELECT r.charge_id, r.stars, r.state, r.lost, r.attempt, b.account_id AS player,
            coalesce(r.reason, 'operator') IN ('operator', 'banned') AS at_once,
            CASE WHEN s.charge_id IS NOT NULL THEN s.attempts WHEN coalesce(r.reason, 'operator') IN ('operator', 'banned') THEN 0
            END AS attempts_before
        FROM pay.star_receipts AS r
        LEFT JOIN pay.star_assignments AS s USING (charge_id)
        LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
        WHERE r.booked
    ), refunds AS (
        SELECT c.charge_id, c.stars, c.player, n.attempt,
            n.attempt < c.attempt OR c.state NOT IN ('refunding', 'refunded') AS was_refused
        FROM charges AS c CROSS JOIN LATERAL generate_series(c.attempts_before + 1, c.attempt) AS n (attempt)
    ), withdrawals AS (
        SELECT w.withdrawal_id, w.stars, w.state, b.account_id AS player, house.held,
            CASE w.method WHEN 'ton' THEN house.chain ELSE house.telegram END AS outside
        FROM pay.withdrawals AS w JOIN ledger.balances AS b USING (user_id) CROSS JOIN house
    )
    SELECT leg.key, leg.kind, NULL::text, leg.account_id, leg.amount
    FROM charges AS c CROSS JOIN house CROSS JOIN LATERAL (VALUES
        ('deposit:stars:' || c.charge_id, 'deposit', house.telegram, -c.stars),
        ('deposit:stars:' || c.charge_id, 'deposit', CASE WHEN c.at_once THEN c.player ELSE house.suspense END, c.stars)
    ) AS leg (key, kind, account_id, amount)
    UNION ALL
    SELECT leg.key, 'deposit', NULL, leg.account_id, leg.amount
    FROM charges AS c CROSS JOIN house CROSS JOIN LATERAL (VALUES
        ('deposit_assigned:' || c.charge_id, house.suspense, -c.stars),
        ('deposit_assigned:' || c.charge_id, c.player, c.stars)
    ) AS leg (key, account_id, amount)
    WHERE NOT c.at_once AND c.attempts_before IS NOT NULL
    UNION ALL
    SELECT leg.key, 'deposit_refund', NULL, leg.account_id, leg.amount
    FROM refunds AS f CROSS JOIN house CROSS JOIN LATERAL (VALUES
        ('deposit_refund:' || f.charge_id || ':' || f.attempt, f.player, -f.stars, true),
        ('deposit_refund:' || f.charge_id || ':' || f.attempt, house.suspense, f.stars, true),
        ('deposit_refund_back:' || f.charge_id || ':' || f.attempt, house.suspense, -f.stars, f.was_refused),
        ('deposit_refund_back:' || f.charge_id || ':' || f.attempt, f.player, f.stars, f.was_refused)
    ) AS leg (key, account_id, amount, is_made)
    WHERE leg.is_made
    UNION ALL
    SELECT leg.key, leg.kind, NULL, leg.account_id, leg.amount
    FROM charges AS c CROSS JOIN house CROSS JOIN LATERAL (VALUES
        ('deposit_refunded:' || c.charge_id, 'deposit_refund', house.suspense, -c.stars, c.state = 'refunded'),
        ('deposit_refunded:' || c.charge_id, 'deposit_refund', house.telegram, c.stars, c.state = 'refunded'),
        ('chargeback:' || c.charge_id, 'chargeback', house.telegram, c.stars, c.state = 'charged_back'),
        ('chargeback:' || c.charge_id, 'chargeback', house.suspense, -c.stars,
            c.state = 'charged_back' AND c.attempts_before IS NULL),
        ('chargeback:' || c.charge_id, 'chargeback', c.player, c.lost - c.stars,
            c.state = 'charged_back' AND c.attempts_before IS NOT NULL),
        ('chargeback:' || c.charge_id, 'chargeback', house.loss, -c.lost,
            c.state = 'charged_back' AND c.attempts_before IS NOT NULL)
    ) AS leg (key, kind, account_id, amount, is_made)
    WHERE leg.is_made AND leg.amount <> 0
    UNION ALL
    SELECT 'deposit:ton:' || r.hash, 'deposit', NULL, leg.account_id, leg.amount
    FROM pay.chain_receipts AS r JOIN ledger.balances AS b USING (user_id) CROSS JOIN house
    CROSS JOIN LATERAL (VALUES (house.chain, -r.stars), (b.account_id, r.stars)) AS leg (account_id, amount)
    WHERE r.state = 'credited'
    UNION ALL
    SELECT leg.kind || ':' || w.withdrawal_id, leg.kind, NULL, leg.account_id, leg.amount
    FROM withdrawals AS w CROSS JOIN LATERAL (VALUES
        ('withdrawal', w.player, -w.stars, true),
        ('withdrawal', w.held, w.stars, true),
        ('withdrawal_return', w.held, -w.stars, w.state = 'returned'),
        ('withdrawal_return', w.player, w.stars, w.state = 'returned'),
        ('payout', w.held, -w.stars, w.state = 'sent'),
        ('payout', w.outside, w.stars, w.state = 'sent')
    ) AS leg (kind, account_id, amount, is_made)
    WHERE leg.is_made;
END;

COMMENT ON FUNCTION pay.expected_legs IS
    'The entries that charges, receipts of TON and withdrawals call for in the states they are in, leg by leg.';
