-- The bonus run: taps towards a goal within a day, and a reward in Stars, once an account.  Redis counts while a run
-- runs; what it reports is taken forward only.  What is promised in rewards never exceeds the operator's budget: the
-- one row of game.bonus_budget is locked by whoever adds to it.
-- Locks are taken in one order: the runs by number, the budget, then balances.
-- depends: 0005.idempotency-and-dead-letters

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

COMMENT ON TABLE game.bonus_budget IS 'One row, locked by whoever promises or takes back a reward.';
COMMENT ON COLUMN game.bonus_budget.currency IS 'XTR: Telegram Stars.';
COMMENT ON COLUMN game.bonus_budget.promised IS 'Stars paid as rewards, and held ones that an operator may still pay.';

INSERT INTO game.bonus_budget DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON game.bonus_runs TO ct_ledger;
GRANT SELECT, UPDATE ON game.bonus_budget TO ct_ledger;

RESET ROLE;
