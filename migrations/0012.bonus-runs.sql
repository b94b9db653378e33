-- The bonus run: taps towards a goal within a day, and a reward in Stars, once an account.  Redis counts while a run
-- runs; what it reports is taken forward only.  What is promised in rewards never exceeds the operator's budget: the
-- one row of game.bonus_budget is locked by whoever adds to it.
-- Locks are taken in one order: the runs by number, the budget, then balances.
-- depends: 0012.bonus-kinds

SET LOCAL ROLE ct_auth;
GRANT EXECUTE ON FUNCTION auth.hello(bigint[]) TO ct_ledger;

SET LOCAL ROLE ct_owner;

CREATE TYPE game.bonus_state AS ENUM ('running', 'done', 'rewarded', 'cancelled', 'expired');

COMMENT ON TYPE game.bonus_state IS
    'running; done: the goal was reached, the reward is held; rewarded; cancelled: by the player, for cheating, or the reward was refused; expired.';

CREATE TABLE game.bonus_runs (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    state game.bonus_state NOT NULL DEFAULT 'running',
    goal bigint NOT NULL CHECK (goal > 0),
    taps bigint NOT NULL DEFAULT 0 CHECK (taps BETWEEN 0 AND goal),
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    last_tap_at timestamptz,
    reward bigint NOT NULL CHECK (reward > 0),
    started_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    over_at timestamptz,
    reason varchar(100),
    evidence int,
    reached boolean NOT NULL DEFAULT false,
    held text CHECK (held IN ('approval', 'banned', 'budget')),
    promised bigint,
    budget bigint,
    review text CHECK (review IN ('approved', 'refused')),
    reviewed_by varchar(100),
    reviewed_at timestamptz,
    rewarded_at timestamptz,
    CHECK (ends_at > started_at),
    CHECK ((state = 'running') = (over_at IS NULL)),
    CHECK (NOT reached OR taps = goal),
    CHECK (state NOT IN ('done', 'rewarded') OR reached),
    CHECK ((state = 'done') = (held IS NOT NULL)),
    CHECK ((state = 'rewarded') = (rewarded_at IS NOT NULL)),
    CONSTRAINT bonus_within_budget CHECK (promised <= budget),
    CHECK ((review IS NULL) = (reviewed_at IS NULL) AND (review IS NULL) = (reviewed_by IS NULL))
);
CREATE UNIQUE INDEX bonus_one_running ON game.bonus_runs (user_id) WHERE state = 'running';
CREATE UNIQUE INDEX bonus_reached_once ON game.bonus_runs (user_id) WHERE reached;
CREATE INDEX bonus_of_user ON game.bonus_runs (user_id, run_id);
CREATE INDEX bonus_by_end ON game.bonus_runs (ends_at) WHERE state = 'running';
CREATE INDEX bonus_held ON game.bonus_runs (run_id) WHERE state = 'done';

COMMENT ON TABLE game.bonus_runs IS 'Bonus runs: at most one running a user, and one goal reached a user for ever.';
COMMENT ON COLUMN game.bonus_runs.run_id IS 'Rises with every run of a user.';
COMMENT ON COLUMN game.bonus_runs.user_id IS 'Who taps.';
COMMENT ON COLUMN game.bonus_runs.state IS 'What became of it; moves on only.';
COMMENT ON COLUMN game.bonus_runs.goal IS 'Taps to reach, fixed at the start.';
COMMENT ON COLUMN game.bonus_runs.taps IS 'Taps counted, as Redis reported last; never less than before.';
COMMENT ON COLUMN game.bonus_runs.seq IS 'The player''s last frame that was dealt with, as Redis reported last.';
COMMENT ON COLUMN game.bonus_runs.last_tap_at IS 'Moment of the last tap that counted, by the server''s clock as the client knew it.';
COMMENT ON COLUMN game.bonus_runs.reward IS 'Stars for reaching the goal, at the rate of the start.';
COMMENT ON COLUMN game.bonus_runs.started_at IS 'The start, by the clock of Redis.';
COMMENT ON COLUMN game.bonus_runs.ends_at IS 'When it expires, by the clock of Redis.';
COMMENT ON COLUMN game.bonus_runs.over_at IS 'When its end was recorded.';
COMMENT ON COLUMN game.bonus_runs.reason IS 'Why it was cancelled: player, too_fast, refused.';
COMMENT ON COLUMN game.bonus_runs.evidence IS 'Taps within 2 s that ended it for cheating.';
COMMENT ON COLUMN game.bonus_runs.reached IS 'The goal was reached, whatever became of the reward.';
COMMENT ON COLUMN game.bonus_runs.held IS
    'Why the reward waits for an operator: approval (it is above the limit), banned, budget (it did not fit and is not promised).';
COMMENT ON COLUMN game.bonus_runs.promised IS 'Rewards promised in all, this one included, when it was promised.';
COMMENT ON COLUMN game.bonus_runs.budget IS 'The operator''s total budget when this reward was promised.';
COMMENT ON COLUMN game.bonus_runs.review IS 'What an operator decided about the held reward.';
COMMENT ON COLUMN game.bonus_runs.reviewed_by IS 'Which operator.';
COMMENT ON COLUMN game.bonus_runs.reviewed_at IS 'When the operator decided.';
COMMENT ON COLUMN game.bonus_runs.rewarded_at IS 'When the reward was paid.';

CREATE TABLE game.bonus_budget (
    currency text PRIMARY KEY DEFAULT 'XTR' CHECK (currency = 'XTR'),
    promised bigint NOT NULL DEFAULT 0 CHECK (promised >= 0)
);
INSERT INTO game.bonus_budget DEFAULT VALUES;

COMMENT ON TABLE game.bonus_budget IS 'One row, locked by whoever promises or takes back a reward.';
COMMENT ON COLUMN game.bonus_budget.currency IS 'XTR: Telegram Stars.';
COMMENT ON COLUMN game.bonus_budget.promised IS 'Stars paid as rewards, and held ones that an operator may still pay.';

INSERT INTO ledger.accounts (kind) VALUES ('bonus') ON CONFLICT DO NOTHING;

GRANT SELECT, INSERT, UPDATE ON game.bonus_runs TO ct_ledger;
GRANT SELECT, UPDATE ON game.bonus_budget TO ct_ledger;
GRANT CREATE ON SCHEMA game TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.start_bonus(
    p_user_id bigint, p_goal bigint, p_reward bigint, p_budget bigint, p_started_ms bigint, p_ends_ms bigint,
    OUT o_status text, OUT o_run game.bonus_runs
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    o_status := 'forbidden';
    IF p_budget = 0 THEN
        RETURN;
    END IF;
    -- Starts of one player wait here for each other, so that a run's number is above those of the runs before it.
    PERFORM FROM ledger.balances AS b WHERE b.user_id = p_user_id FOR NO KEY UPDATE;
    IF (SELECT a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.user_id = p_user_id) THEN
        o_status := 'banned';
        RETURN;
    END IF;
    SELECT r.* INTO o_run FROM game.bonus_runs AS r
    WHERE r.user_id = p_user_id AND (r.state = 'running' OR r.reached)
    ORDER BY r.reached DESC LIMIT 1;
    IF FOUND THEN
        o_status := CASE WHEN o_run.reached THEN 'conflict' ELSE 'ok' END;
        RETURN;
    END IF;
    IF (SELECT b.promised + p_reward > p_budget FROM game.bonus_budget AS b) THEN
        RETURN;
    END IF;
    IF (
        SELECT count(*) >= 100 FROM game.bonus_runs AS r
        WHERE r.user_id = p_user_id AND r.over_at > now() - interval '1 day'
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

COMMENT ON FUNCTION game.start_bonus(bigint, bigint, bigint, bigint, bigint, bigint) IS
    'Starts a run, or returns the one that runs. conflict: the goal was reached before; forbidden: no budget, or too little is left of it; rate_limited: a hundred runs in a day. The claim must be the player''s.';

CREATE FUNCTION game.my_bonus() RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r WHERE r.user_id = auth.claim() ORDER BY r.run_id DESC LIMIT 1;
END;

COMMENT ON FUNCTION game.my_bonus() IS 'The latest run of the claim''s user, if there was one.';

CREATE FUNCTION game.pay_bonus(p_run_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_run record;
BEGIN
    UPDATE game.bonus_runs AS r SET state = 'rewarded', held = NULL, rewarded_at = now()
    WHERE r.run_id = p_run_id RETURNING r.user_id, r.reward INTO STRICT v_run;
    PERFORM ledger.post(
        'bonus:' || p_run_id, 'bonus', NULL, NULL,
        ARRAY[
            (SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = 'bonus' AND a.currency = 'XTR'),
            (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = v_run.user_id)
        ],
        ARRAY[-v_run.reward, v_run.reward]
    );
END
$function$;

COMMENT ON FUNCTION game.pay_bonus(bigint) IS 'Pays the reward of a run whose reward is promised.';

CREATE FUNCTION game.promise_bonus(p_run_id bigint, p_budget bigint) RETURNS boolean
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

COMMENT ON FUNCTION game.promise_bonus(bigint, bigint) IS 'Takes a run''s reward out of what is left of the budget; false: it does not fit.';

CREATE FUNCTION game.record_bonus(
    p_run_ids bigint[], p_taps bigint[], p_seqs bigint[], p_last_ms bigint[], p_states text[], p_reasons text[],
    p_evidence int[], p_budget bigint, p_approval bigint
) RETURNS TABLE (run game.bonus_runs, balance bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_done record;
BEGIN
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

    FOR v_done IN
        SELECT r.run_id, r.reward, h.banned FROM game.bonus_runs AS r, auth.hello(ARRAY[r.user_id]) AS h
        WHERE r.run_id = ANY (p_run_ids) AND r.state = 'done' AND r.promised IS NULL AND r.over_at = now()
        ORDER BY r.run_id
    LOOP
        IF game.promise_bonus(v_done.run_id, p_budget) THEN
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

COMMENT ON FUNCTION game.record_bonus(bigint[], bigint[], bigint[], bigint[], text[], text[], int[], bigint, bigint) IS
    'Takes what Redis reports of runs, forward only, and rewards those that reached the goal: within the budget, held above the limit. Returns what stands now, with the players'' balances.';

CREATE FUNCTION game.due_bonus(p_now_ms bigint, p_limit int) RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r
    WHERE r.state = 'running' AND r.ends_at <= to_timestamp(p_now_ms / 1000.0) ORDER BY r.ends_at LIMIT p_limit;
END;

COMMENT ON FUNCTION game.due_bonus(bigint, int) IS 'Running runs whose time is over at that moment of Redis''s clock.';

CREATE FUNCTION game.list_bonus(p_held boolean, p_limit int) RETURNS SETOF game.bonus_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM game.bonus_runs AS r WHERE r.state = 'done' OR NOT p_held ORDER BY r.run_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION game.list_bonus(boolean, int) IS 'The latest runs, or only those whose reward waits for an operator.';

CREATE FUNCTION game.review_bonus(
    p_run_id bigint, p_approve boolean, p_by text, p_budget bigint,
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
        IF (SELECT h.banned FROM auth.hello(ARRAY[o_run.user_id]) AS h) THEN
            o_status := 'banned';
        ELSIF o_run.held = 'budget' AND NOT game.promise_bonus(p_run_id, p_budget) THEN
            o_status := 'over_budget';
        ELSE
            PERFORM game.pay_bonus(p_run_id);
            UPDATE game.bonus_runs AS r SET review = 'approved', reviewed_by = p_by, reviewed_at = now()
            WHERE r.run_id = p_run_id;
            o_status := 'ok';
        END IF;
    ELSIF o_status IS NULL THEN
        IF o_run.held <> 'budget' THEN
            UPDATE game.bonus_budget AS b SET promised = b.promised - o_run.reward;
        END IF;
        UPDATE game.bonus_runs AS r
        SET state = 'cancelled', held = NULL, reason = 'refused', review = 'refused', reviewed_by = p_by, reviewed_at = now()
        WHERE r.run_id = p_run_id;
        o_status := 'ok';
    END IF;
    SELECT r.* INTO o_run FROM game.bonus_runs AS r WHERE r.run_id = p_run_id;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_run.user_id;
END
$function$;

COMMENT ON FUNCTION game.review_bonus(bigint, boolean, text, bigint) IS
    'An operator''s word on a held reward; repeated, it is ok again. over_budget: it does not fit; conflict: it is not held.';

CREATE FUNCTION game.audit_bonus() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH account AS (
        SELECT coalesce(-sum(e.amount), 0) AS paid
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'bonus'
    ), runs AS (
        SELECT coalesce(sum(r.reward) FILTER (WHERE r.state = 'rewarded'), 0) AS rewarded,
            coalesce(sum(r.reward) FILTER (WHERE r.state = 'rewarded' OR r.held <> 'budget'), 0) AS promised
        FROM game.bonus_runs AS r
    )
    SELECT 'bonus_account_differs', 'ledger', 'paid ' || account.paid || ', rewarded ' || runs.rewarded
    FROM account, runs WHERE account.paid <> runs.rewarded
    UNION ALL
    SELECT 'bonus_budget_differs', 'budget', 'promised ' || b.promised || ', runs ' || runs.promised
    FROM game.bonus_budget AS b, runs WHERE b.promised <> runs.promised
    UNION ALL
    SELECT 'bonus_over_budget', 'run ' || r.run_id, 'promised ' || coalesce(r.promised::text, 'nothing')
        || ' of ' || coalesce(r.budget::text, 'nothing')
    FROM game.bonus_runs AS r
    WHERE (r.state = 'rewarded' OR r.held <> 'budget') AND (r.promised > r.budget OR r.promised IS NULL)
    UNION ALL
    SELECT 'bonus_not_once', 'user ' || r.user_id, count(*) || ' rewards'
    FROM game.bonus_runs AS r WHERE r.state = 'rewarded' GROUP BY r.user_id HAVING count(*) > 1
    UNION ALL
    SELECT 'bonus_not_paid', 'run ' || r.run_id,
        r.state || CASE WHEN t.transfer_id IS NULL THEN ', no transfer' ELSE ', transfer of ' || coalesce(e.amount, 0) END
    FROM game.bonus_runs AS r
    LEFT JOIN ledger.transfers AS t ON t.key = 'bonus:' || r.run_id
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
    LEFT JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = b.account_id
    WHERE coalesce(e.amount, 0) <> CASE WHEN r.state = 'rewarded' THEN r.reward ELSE 0 END;
END;

COMMENT ON FUNCTION game.audit_bonus() IS 'Everything that is wrong with the bonus''s money at this moment; no rows: nothing is.';

GRANT EXECUTE ON FUNCTION
    game.start_bonus(bigint, bigint, bigint, bigint, bigint, bigint),
    game.my_bonus()
TO ct_player;
GRANT EXECUTE ON FUNCTION
    game.record_bonus(bigint[], bigint[], bigint[], bigint[], text[], text[], int[], bigint, bigint),
    game.due_bonus(bigint, int),
    game.list_bonus(boolean, int),
    game.review_bonus(bigint, boolean, text, bigint),
    game.audit_bonus()
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA game FROM ct_ledger;
RESET ROLE;
