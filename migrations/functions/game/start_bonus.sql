SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.start_bonus(
    p_user_id bigint, p_goal bigint, p_reward bigint, p_budget bigint, p_started_ms bigint, p_ends_ms bigint,
    OUT o_status text, OUT o_run game.bonus_runs
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_accounts bigint[];
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    o_status := 'forbidden';
    IF p_budget = 0 THEN
        RETURN;
    END IF;
    -- Starts of one person wait here for each other, so that a run's number is above those of the runs before it.
    v_accounts := ARRAY(SELECT auth.accounts_of(auth.hold_person(p_user_id)));
    IF (SELECT a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.user_id = p_user_id) THEN
        o_status := 'banned';
        RETURN;
    END IF;
    SELECT r.* INTO o_run FROM game.bonus_runs AS r
    WHERE r.user_id = ANY (v_accounts) AND (r.state = 'running' OR r.reached)
    ORDER BY r.reached DESC, r.user_id <> p_user_id LIMIT 1;
    IF FOUND THEN
        o_status := CASE WHEN o_run.reached OR o_run.user_id <> p_user_id THEN 'conflict' ELSE 'ok' END;
        RETURN;
    END IF;
    IF (SELECT b.promised + p_reward > p_budget FROM game.bonus_budget AS b) THEN
        RETURN;
    END IF;
    IF (
        SELECT count(*) >= 100 FROM game.bonus_runs AS r
        WHERE r.user_id = ANY (v_accounts) AND r.over_at > now() - interval '1 day'
    ) THEN
        o_status := 'rate_limited';
        RETURN;
    END IF;
    INSERT INTO game.bonus_runs AS r (user_id, goal, reward, started_at, ends_at)
    VALUES (p_user_id, p_goal, p_reward, to_timestamp(p_started_ms / 1000.0), to_timestamp(p_ends_ms / 1000.0))
    RETURNING r.* INTO o_run;
    o_status := 'ok';
END
$function$;

COMMENT ON FUNCTION game.start_bonus IS
    'Starts a run, or returns the one that runs. conflict: the person reached the goal before, or runs with another account; forbidden: no budget, or too little is left of it; rate_limited: a hundred runs in a day. The claim must be the player''s.';
GRANT EXECUTE ON FUNCTION game.start_bonus TO ct_player;
