SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.player_report(p_user_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT jsonb_build_object(
            'balance', b.balance, 'room_id', s.room_id, 'games', coalesce(p.games, 0), 'wins', coalesce(p.wins, 0),
            'won', coalesce(p.won, 0)
        )
        FROM ledger.balances AS b
        LEFT JOIN game.seats AS s ON s.user_id = b.user_id AND s.state = 'live'
        LEFT JOIN game.player_stats AS p ON p.user_id = b.user_id
        WHERE b.user_id = p_user_id
    );

COMMENT ON FUNCTION game.player_report IS 'Balance, room and totals of a player, for an operator.';
GRANT EXECUTE ON FUNCTION game.player_report TO ct_operator;
