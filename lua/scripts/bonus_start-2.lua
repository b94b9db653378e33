-- Loads a bonus run from what Postgres knows, or reads the one that is here.  Of the same run whatever is further on
-- stands: more taps, a later frame, an end; what Postgres has ended stays ended.  A newer run of the player stays.
-- KEYS   1 run  2 index of changed runs
-- ARGV   1 replication id  2 user id  3 run id  4 state  5 taps  6 seq  7 last stamp ms  8 goal  9 started ms
--        10 ends ms  11 reason ('': none)  12 evidence
-- Answer the run that is here now (see `describe_run`), code ok
-- Events none
-- Cost   O(1)
-- @include bonus

local id, state = tonumber(ARGV[3]), ARGV[4]
local taps, seq, stamp = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local run = load_run()
if run and run.id > id then
  save_run(run, ARGV[2])
  return describe_run('ok', run)
end
if not run or run.id < id then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'run', ARGV[3], 'goal', ARGV[8], 'started', ARGV[9], 'ends', ARGV[10])
  run = {
    id = id, state = state, goal = tonumber(ARGV[8]), started = tonumber(ARGV[9]), ends = tonumber(ARGV[10]),
    reason = ARGV[11], evidence = tonumber(ARGV[12]), revision = 0, taps = taps, seq = seq, stamp = stamp,
    now = math.max(read_clock(), tonumber(ARGV[9])), sum = 0, window = '', changed = false,
  }
  write_run(run)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(0, run.ends - run.now) + UNSETTLED_MS))
  run = load_run()
end
local ended = state ~= 'running' and (run.state ~= state or run.changed)
if ended or taps > run.taps or seq > run.seq or stamp > run.stamp then
  run.taps, run.seq, run.stamp = math.max(run.taps, taps), math.max(run.seq, seq), math.max(run.stamp, stamp)
  if ended then
    run.state, run.reason, run.evidence = state, ARGV[11], tonumber(ARGV[12])
  end
  write_run(run)
end
if state ~= 'running' then
  redis.call('PEXPIRE', KEYS[1], OVER_MS)
else
  save_run(run, ARGV[2])
end
return describe_run('ok', run)
