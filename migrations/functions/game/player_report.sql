-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.player_report(p_user_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT jsonb_build_object(
            'balance', b.balance, 'room_id', s.room_id, 'games', coalesce(p.games, 0), 'wins', coalesce(p.wins, 0),
            'won', coalesce(p.won, 0), 'demo', b.granted > 0,
            'owes', (
                SELECT coalesce(sum(d.stars - d.paid), 0) FROM ledger.debts AS d
                WHERE d.closed_at IS NULL AND d.user_id IN (SELECT auth.accounts_of(auth.person_of(b.user_id)))
            ),
            'others', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'user_id', o.user_id, 'balance', ob.balance, 'room_id', os.room_id
                ) ORDER BY o.user_id), '[]')
                FROM auth.accounts_of(auth.person_of(b.user_id)) AS o (user_id)
                JOIN ledger.balances AS ob USING (user_id)
                LEFT JOIN game.seats AS os ON os.user_id = o.user_id AND os.state = 'live'
                WHERE o.user_id <> b.user_id
            )
        )
        FROM ledger.balances AS b
        LEFT JOIN game.seats AS s ON s.user_id = b.user_id AND s.state = 'live'
        LEFT JOIN game.player_stats AS p ON p.user_id = b.user_id
        WHERE b.user_id = p_user_id
    );

COMMENT ON FUNCTION game.player_report IS 'Balance, room, totals and debts of a player, and the same person''s other accounts, for an operator.';
GRANT EXECUTE ON FUNCTION game.player_report TO ct_operator;
