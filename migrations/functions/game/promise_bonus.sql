SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.promise_bonus(p_run_id bigint, p_budget bigint) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_promised bigint;
BEGIN
    SELECT b.promised + r.reward INTO STRICT v_promised
    FROM game.bonus_budget AS b, game.bonus_runs AS r WHERE r.run_id = p_run_id FOR NO KEY UPDATE OF b;
    IF v_promised > p_budget THEN
        RETURN false;
    END IF;
    UPDATE game.bonus_budget AS b SET promised = v_promised;
    UPDATE game.bonus_runs AS r SET promised = v_promised, budget = p_budget WHERE r.run_id = p_run_id;
    RETURN true;
END
$function$;

COMMENT ON FUNCTION game.promise_bonus IS
    'Takes a run''s reward out of what is left of the budget; false: it does not fit.';
