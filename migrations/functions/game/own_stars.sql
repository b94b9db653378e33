SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.own_stars(p_user_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT coalesce(sum(o.stars), 0)::bigint FROM (
            SELECT b.balance AS stars FROM ledger.balances AS b WHERE b.user_id = p_user_id
            UNION ALL
            SELECT s.amount FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live'
            UNION ALL
            SELECT w.stars FROM pay.withdrawals AS w WHERE w.user_id = p_user_id AND w.state IN ('held', 'approval')
        ) AS o
    );

COMMENT ON FUNCTION game.own_stars IS
    'Stars that a player has not lost or taken out yet: the balance, a seat, and withdrawals that wait.';
