SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.review_bonus(
    p_run_id bigint, p_approve boolean, p_budget bigint,
    OUT o_status text, OUT o_run game.bonus_runs, OUT o_balance bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT r.* INTO o_run FROM game.bonus_runs AS r WHERE r.run_id = p_run_id FOR NO KEY UPDATE;
    o_status := CASE
        WHEN NOT FOUND THEN 'not_found'
        WHEN o_run.review = CASE WHEN p_approve THEN 'approved' ELSE 'refused' END THEN 'ok'
        WHEN o_run.state <> 'done' THEN 'conflict'
    END;
    IF o_status IS NULL AND p_approve THEN
        PERFORM auth.hold_person(o_run.user_id);
        IF (SELECT h.banned FROM auth.hello(ARRAY[o_run.user_id]) AS h) THEN
            o_status := 'banned';
        ELSIF game.bonus_taken(o_run.user_id, p_run_id) THEN
            o_status := 'conflict';
        ELSIF o_run.held = 'budget' AND NOT game.promise_bonus(p_run_id, p_budget) THEN
            o_status := 'over_budget';
        ELSE
            PERFORM game.pay_bonus(p_run_id);
            UPDATE game.bonus_runs AS r SET review = 'approved', reviewed_by = auth.actor(), reviewed_at = now()
            WHERE r.run_id = p_run_id;
            o_status := 'ok';
        END IF;
    ELSIF o_status IS NULL THEN
        IF o_run.held <> 'budget' THEN
            UPDATE game.bonus_budget AS b SET promised = b.promised - o_run.reward;
        END IF;
        UPDATE game.bonus_runs AS r
        SET state = 'cancelled', held = NULL, reason = 'refused', review = 'refused', reviewed_by = auth.actor(), reviewed_at = now()
        WHERE r.run_id = p_run_id;
        o_status := 'ok';
    END IF;
    SELECT r.* INTO o_run FROM game.bonus_runs AS r WHERE r.run_id = p_run_id;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_run.user_id;
END
$function$;

COMMENT ON FUNCTION game.review_bonus IS
    'An operator''s word on a held reward; repeated, it is ok again. over_budget: it does not fit; conflict: it is not held, or the person has another run that was rewarded or is held: refuse one.';
GRANT EXECUTE ON FUNCTION game.review_bonus TO ct_operator;
