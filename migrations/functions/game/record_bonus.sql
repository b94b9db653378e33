SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.record_bonus(
    p_run_ids bigint[], p_taps bigint[], p_seqs bigint[], p_last_ms bigint[], p_states text[], p_reasons text[],
    p_evidence int[], p_budget bigint, p_approval bigint
) RETURNS TABLE (run game.bonus_runs, balance bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_users bigint[];
    v_done record;
BEGIN
    -- A gateway records that a run was cancelled; what is rewarded is the worker's word.
    IF current_setting('role') = 'ct_seats' AND EXISTS (SELECT FROM unnest(p_states) AS s (state) WHERE s.state <> 'cancelled') THEN
        RAISE EXCEPTION 'only the end of a run by its player is a gateway''s to record' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM game.bonus_runs AS r WHERE r.run_id = ANY (p_run_ids) ORDER BY r.run_id FOR NO KEY UPDATE;

    -- A goal that was reached is held, until it is known below that nothing stands against paying at once.
    UPDATE game.bonus_runs AS r
    SET taps = greatest(r.taps, least(n.taps, r.goal)),
        seq = greatest(r.seq, n.seq),
        last_tap_at = greatest(r.last_tap_at, CASE WHEN n.last_ms > 0 THEN to_timestamp(n.last_ms / 1000.0) END),
        state = n.state::game.bonus_state,
        reached = n.state = 'done',
        held = CASE WHEN n.state = 'done' THEN 'budget' END,
        over_at = CASE WHEN n.state <> 'running' THEN now() END,
        reason = n.reason,
        evidence = n.evidence
    FROM unnest(p_run_ids, p_taps, p_seqs, p_last_ms, p_states, p_reasons, p_evidence)
        AS n (run_id, taps, seq, last_ms, state, reason, evidence)
    WHERE r.run_id = n.run_id AND r.state = 'running'
        AND (n.taps > r.taps OR n.seq > r.seq OR n.state <> 'running');

    -- Who reached the goal, whether banned, and what was taken before, stand still from here on.
    SELECT array_agg(r.user_id ORDER BY auth.person_of(r.user_id)) INTO v_users
    FROM game.bonus_runs AS r
    WHERE r.run_id = ANY (p_run_ids) AND r.state = 'done' AND r.promised IS NULL AND r.over_at = now();
    PERFORM auth.hold_person(u.user_id) FROM unnest(v_users) AS u (user_id);
    PERFORM FROM ledger.balances AS b WHERE b.user_id = ANY (v_users) ORDER BY b.account_id FOR NO KEY UPDATE;
    FOR v_done IN
        SELECT r.run_id, r.user_id, r.reward, h.banned FROM game.bonus_runs AS r, auth.hello(ARRAY[r.user_id]) AS h
        WHERE r.run_id = ANY (p_run_ids) AND r.state = 'done' AND r.promised IS NULL AND r.over_at = now()
        ORDER BY auth.person_of(r.user_id), r.run_id
    LOOP
        -- Two persons who both ran turned out to be one: whoever was first has had the bonus.
        IF game.bonus_taken(v_done.user_id, v_done.run_id) THEN
            UPDATE game.bonus_runs AS r SET state = 'cancelled', held = NULL, reason = 'taken'
            WHERE r.run_id = v_done.run_id;
        ELSIF game.promise_bonus(v_done.run_id, p_budget) THEN
            IF v_done.banned OR v_done.reward > p_approval THEN
                UPDATE game.bonus_runs AS r SET held = CASE WHEN v_done.banned THEN 'banned' ELSE 'approval' END
                WHERE r.run_id = v_done.run_id;
            ELSE
                PERFORM game.pay_bonus(v_done.run_id);
            END IF;
        END IF;
    END LOOP;

    RETURN QUERY
    SELECT r, b.balance FROM game.bonus_runs AS r JOIN ledger.balances AS b USING (user_id)
    WHERE r.run_id = ANY (p_run_ids) ORDER BY r.run_id;
END
$function$;

COMMENT ON FUNCTION game.record_bonus IS
    'Takes what Redis reports of runs, forward only, and rewards those that reached the goal: within the budget, held above the limit, once a person. Returns what stands now, with the players'' balances.';
GRANT EXECUTE ON FUNCTION game.record_bonus TO ct_settler, ct_seats;
