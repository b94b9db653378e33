SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.due_bonus(p_now_ms bigint, p_limit int) RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r
    WHERE r.state = 'running' AND r.ends_at <= to_timestamp(p_now_ms / 1000.0) ORDER BY r.ends_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.due_bonus IS 'Running runs whose time is over at that moment of Redis''s clock.';
GRANT EXECUTE ON FUNCTION game.due_bonus TO ct_settler;
