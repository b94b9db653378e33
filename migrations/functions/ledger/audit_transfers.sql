-- depends: auth.accounts_of auth.person_of game.expected_legs ledger.expected_legs pay.expected_legs
SET LOCAL ROLE ct_ledger;

-- Both ways, to the Star: each entry is one that a seat, a room, a run, a charge, a receipt, a withdrawal, an account or a
-- debt calls for, and each of those has its entries.  So a kind of transfer that nobody explains is found as well.
-- One statement, which reads everything once: that it costs what is new comes with checkpoints.
CREATE OR REPLACE FUNCTION ledger.audit_transfers() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH legs AS (
        SELECT t.key, t.kind::text AS kind, t.room_id, e.account_id, e.amount
        FROM ledger.transfers AS t JOIN (
            -- Together, since the same entries might be there twice.
            SELECT n.transfer_id, n.account_id, sum(n.amount)::bigint AS amount
            FROM ledger.entries AS n GROUP BY n.transfer_id, n.account_id
        ) AS e USING (transfer_id)
    ), expected AS (
        SELECT x.* FROM game.expected_legs() AS x
        UNION ALL SELECT x.* FROM pay.expected_legs() AS x
        UNION ALL SELECT x.* FROM ledger.expected_legs() AS x
    ), wrong AS (
        SELECT key, account_id, x.amount AS expected, l.amount AS booked,
            coalesce(l.kind, x.kind) AS kind, l.kind IS DISTINCT FROM x.kind OR l.room_id IS DISTINCT FROM x.room_id AS misplaced
        FROM legs AS l FULL JOIN expected AS x USING (key, account_id)
        WHERE l.amount IS DISTINCT FROM x.amount OR l.kind IS DISTINCT FROM x.kind
            OR l.room_id IS DISTINCT FROM x.room_id
    ), debts AS (
        SELECT d.debt_id, d.charge_id, d.user_id, d.stars, d.paid, d.payments, d.closed_at, count(p.number) AS made,
            coalesce(sum(p.stars), 0) AS sum
        FROM ledger.debts AS d LEFT JOIN ledger.debt_payments AS p USING (debt_id) GROUP BY d.debt_id
    )
    SELECT CASE
            WHEN bool_and(w.expected IS NULL) THEN 'transfer_unexplained'
            WHEN bool_and(w.booked IS NULL) THEN 'transfer_missing'
            ELSE 'transfer_differs'
        END,
        w.key, min(w.kind) || CASE WHEN bool_or(w.misplaced AND w.expected = w.booked) THEN ' of another kind or room: ' ELSE ': ' END
            || string_agg(
                coalesce('user ' || a.user_id, 'room ' || a.room_id, a.kind::text) || ' ' || coalesce(w.booked::text, 'nothing')
                || ' for ' || coalesce(w.expected::text, 'nothing'), ', ' ORDER BY w.account_id
            )
    FROM wrong AS w LEFT JOIN ledger.accounts AS a USING (account_id)
    GROUP BY w.key
    UNION ALL
    SELECT 'debt_differs', coalesce('debt ' || d.debt_id, 'charge ' || r.charge_id),
        format('lost %s, debt %s; paid %s in %s payments, %s in %s kept',
            coalesce(r.lost, 0), coalesce(d.stars, 0), d.sum, d.made, d.paid, d.payments)
    FROM debts AS d FULL JOIN (SELECT c.charge_id, c.lost FROM pay.star_receipts AS c WHERE c.lost > 0) AS r USING (charge_id)
    WHERE d.stars IS DISTINCT FROM r.lost OR d.paid <> d.sum OR d.payments <> d.made
    UNION ALL
    SELECT 'loss_differs', 'account loss', 'ledger ' || l.stars || ', owed or forgiven ' || o.stars
    FROM (
        SELECT coalesce(-sum(e.amount), 0) AS stars
        FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id) WHERE a.kind = 'loss'
    ) AS l, (SELECT coalesce(sum(d.stars - d.paid), 0) AS stars FROM debts AS d) AS o
    WHERE l.stars <> o.stars
    UNION ALL
    SELECT 'debt_unpaid', 'user ' || b.user_id,
        CASE WHEN b.owes THEN 'balance ' || b.balance ELSE 'what comes in pays nothing' END || ', debt ' || d.debt_id
    FROM debts AS d
    JOIN LATERAL auth.accounts_of(auth.person_of(d.user_id)) AS o (user_id) ON true
    JOIN ledger.balances AS b ON b.user_id = o.user_id
    WHERE d.closed_at IS NULL AND b.granted = 0 AND (b.balance > 0 OR NOT b.owes);
END;

COMMENT ON FUNCTION ledger.audit_transfers IS
    'Transfers that nothing explains, that are missing, or differ from what calls for them; debts that are not what was lost or are not paid. No rows: nothing is wrong.';
GRANT EXECUTE ON FUNCTION ledger.audit_transfers TO ct_settler;
