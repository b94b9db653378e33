-- A bonus run: one player's taps towards a goal.  KEYS[1] is its hash, KEYS[2] the partition's index of runs of which
-- Postgres has yet to hear (user id by the ms of the first such change).  Postgres decides about runs; what happens
-- while one runs happens here, and only forward.
-- @include clock

-- hot: taps, last seq, last stamp, the run's own time, window sum; then the window: (stamp, count) of 6 + 1 bytes each,
-- oldest first, which begins at byte RUN_WINDOW.  Stamps are whole ones: a day does not fit into a room's three bytes.
local RUN = '<I6I4I6I6B'
local RUN_WINDOW = 24
local UNSETTLED_MS = 604800000 -- a run that nobody ended is forgotten this long after its end; Postgres has it
local OVER_MS = 600000

-- The run, or nil.  One whose time is over is expired by whoever looks at it; its own time never goes back.
local function load_run()
  local id, state, goal, started, ends, reason, evidence, revision, hot = unpack(redis.call('HMGET', KEYS[1],
    'run', 'state', 'goal', 'started', 'ends', 'reason', 'evidence', 'revision', 'hot'))
  if not id then
    return nil
  end
  local taps, seq, stamp, last, sum, window = struct.unpack(RUN, hot)
  local run = {
    id = tonumber(id), state = state, goal = tonumber(goal), started = tonumber(started), ends = tonumber(ends),
    reason = reason, evidence = tonumber(evidence), revision = tonumber(revision),
    taps = taps, seq = seq, stamp = stamp, now = math.max(read_clock(), last), sum = sum,
    window = string.sub(hot, window), changed = false,
  }
  if run.state == 'running' and run.now >= run.ends then
    run.state = 'expired'
    run.changed = true
  end
  return run
end

local function write_run(run)
  run.revision = run.revision + 1
  redis.call('HSET', KEYS[1], 'state', run.state, 'reason', run.reason, 'evidence', run.evidence,
    'revision', string.format('%.0f', run.revision),
    'hot', struct.pack(RUN, run.taps, run.seq, run.stamp, run.now, run.sum) .. run.window)
end

-- Writes what changed, and that Postgres has to hear of it.
local function save_run(run, user_id)
  if run.changed then
    write_run(run)
    redis.call('ZADD', KEYS[2], 'NX', string.format('%.0f', run.now), user_id)
  end
end

-- {code, run id, state, taps, seq, last stamp, goal, started, ends, reason ('': none), evidence, revision}
local function describe_run(code, run)
  if not run then
    return {code}
  end
  return {code, run.id, run.state, run.taps, run.seq, run.stamp, run.goal, run.started, run.ends, run.reason,
    run.evidence, run.revision}
end
