-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.debt_report(p_debt_id bigint, OUT o_debt ledger.debts, OUT o_payments jsonb, OUT o_accounts jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT d, (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'number', p.number, 'user_id', p.user_id, 'stars', p.stars, 'cause', p.cause, 'at', p.paid_at
        ) ORDER BY p.number), '[]')
        FROM ledger.debt_payments AS p WHERE p.debt_id = d.debt_id
    ), (
        SELECT jsonb_agg(jsonb_build_object(
            'user_id', b.user_id, 'balance', b.balance, 'demo', b.granted > 0,
            'staked', (
                SELECT coalesce(sum(s.amount), 0) FROM game.seats AS s WHERE s.user_id = b.user_id AND s.state = 'live'
            ),
            'held', (
                SELECT coalesce(sum(w.stars), 0) FROM pay.withdrawals AS w
                WHERE w.user_id = b.user_id AND w.state NOT IN ('sent', 'returned')
            )
        ) ORDER BY b.account_id)
        FROM ledger.balances AS b WHERE b.user_id IN (SELECT auth.accounts_of(auth.person_of(d.user_id)))
    )
    FROM ledger.debts AS d WHERE d.debt_id = p_debt_id;
END;

COMMENT ON FUNCTION pay.debt_report IS
    'For operators: one debt, what was paid of it and by what, and what each account of the person has, staked and asked to withdraw.';
GRANT EXECUTE ON FUNCTION pay.debt_report TO ct_operator;
