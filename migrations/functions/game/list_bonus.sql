SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.list_bonus(p_held boolean, p_limit int) RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r WHERE r.state = 'done' OR NOT p_held ORDER BY r.run_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION game.list_bonus IS 'The latest runs, or only those whose reward waits for an operator.';
GRANT EXECUTE ON FUNCTION game.list_bonus TO ct_settler;
