-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_bonus() RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r WHERE r.user_id = auth.claim() ORDER BY r.run_id DESC LIMIT 1;
END;

COMMENT ON FUNCTION game.my_bonus IS 'The latest run of the claim''s user, if there was one.';
GRANT EXECUTE ON FUNCTION game.my_bonus TO ct_player;
