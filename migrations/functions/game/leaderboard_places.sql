SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.leaderboard_places(p_first date, p_last date, p_limit int, p_user_ids bigint[])
    RETURNS TABLE (user_id bigint, won bigint, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RETURN QUERY
        WITH sums AS (
            SELECT p.user_id, p.won FROM game.player_stats AS p WHERE p_first IS NULL AND p.won > 0
            UNION ALL
            SELECT w.user_id, sum(w.won)::bigint FROM game.daily_wins AS w
            WHERE w.day BETWEEN p_first AND p_last GROUP BY w.user_id
        ), ranked AS (
            SELECT s.user_id, s.won, rank() OVER (ORDER BY s.won DESC) AS place,
                row_number() OVER (ORDER BY s.won DESC, s.user_id DESC) AS line
            FROM sums AS s
        )
        SELECT r.user_id, r.won, r.place FROM ranked AS r
        WHERE r.line <= p_limit OR r.user_id = ANY (p_user_ids) ORDER BY r.line;
END
$function$;

COMMENT ON FUNCTION game.leaderboard_places IS
    'The first players of these days (nulls: of all time) and the named ones, with their places. Reads every sum.';
GRANT EXECUTE ON FUNCTION game.leaderboard_places TO ct_seats;
