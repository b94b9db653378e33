SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.leaderboard_changes(p_since_us bigint, p_after_day date, p_after_user_id bigint, p_limit int)
    RETURNS TABLE (at_us bigint, day date, user_id bigint, day_won bigint, week_won bigint, all_won bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT (extract(epoch FROM w.updated_at) * 1000000)::bigint, w.day, w.user_id, w.won,
        (
            SELECT sum(d.won)::bigint
            FROM generate_series(1, 7) AS n (isodow)
            JOIN game.daily_wins AS d ON d.day = w.day - extract(isodow FROM w.day)::int + n.isodow AND d.user_id = w.user_id
        ),
        p.won
    FROM game.daily_wins AS w JOIN game.player_stats AS p USING (user_id)
    WHERE (w.updated_at, w.day, w.user_id)
        > (to_timestamp(p_since_us / 1000000.0), coalesce(p_after_day, '-infinity'), coalesce(p_after_user_id, 0))
    ORDER BY w.updated_at, w.day, w.user_id
    LIMIT p_limit;
END;

COMMENT ON FUNCTION game.leaderboard_changes IS
    'Players whose sum of a day changed since, in the order of the changes, with what they have won by now in that day, in its week and of all time.';
GRANT EXECUTE ON FUNCTION game.leaderboard_changes TO ct_settler;
