SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.leaderboard_sums(p_first date, p_last date, p_after_user_id bigint, p_limit int)
    RETURNS TABLE (user_id bigint, won bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    -- In the order of the key and no further than asked, also while the planner takes the table for small.
    SET enable_seqscan = off SET enable_bitmapscan = off AS
$function$
BEGIN
    IF p_first IS NULL THEN
        RETURN QUERY
            SELECT p.user_id, p.won FROM game.player_stats AS p
            WHERE p.user_id > p_after_user_id AND p.won > 0
            ORDER BY p.user_id LIMIT p_limit;
        RETURN;
    END IF;
    -- Each day gives its next players: the first of them all have every one of their days among these.
    RETURN QUERY
        SELECT heads.user_id, sum(heads.won)::bigint
        FROM generate_series(0, p_last - p_first) AS n (days), LATERAL (
            SELECT w.user_id, w.won FROM game.daily_wins AS w
            WHERE w.day = p_first + n.days AND w.user_id > p_after_user_id
            ORDER BY w.user_id LIMIT p_limit
        ) AS heads
        GROUP BY heads.user_id ORDER BY heads.user_id LIMIT p_limit;
END
$function$;

COMMENT ON FUNCTION game.leaderboard_sums IS
    'What players have won in these days (nulls: of all time), by user id, some at a time.';
GRANT EXECUTE ON FUNCTION game.leaderboard_sums TO ct_settler;
