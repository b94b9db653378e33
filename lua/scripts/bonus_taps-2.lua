#!lua flags=allow-oom
-- Applies frames of one player to the player's bonus run, in their order, by the rules that hold in rooms.  A window
-- violation ends the run; the goal ends it at once, and what is above the goal does not count.
-- KEYS   1 run  2 index of changed runs
-- ARGV   1 replication id  2 user id  3 taps, timestamp ms, seq (-1: none) of each frame, packed doubles
-- Answer {'not_found'}, or the run (see `describe_run`, code ok) and one TAP_ code for each frame
-- Events none: the gateway that sent the frames answers with the run
-- Cost   O(frames): one HMGET, one HSET, one ZADD
-- @include codes
-- @include tap_rules
-- @include bonus

local ENTRY = '<I6B'
local ENTRY_SIZE = 7

local run = load_run()
if not run then
  return {'not_found'}
end
local now = run.now

local function closed()
  return run.reason == 'too_fast' and TAP_FORBIDDEN or TAP_ROOM_CLOSED
end

local function apply(count, stamp, seq)
  if seq > MAX_SEQ then
    return TAP_INVALID_REQUEST
  end
  if seq >= 0 and seq <= run.seq then
    return TAP_DUPLICATE -- also after the end: whoever lost the answer to the last frame learns what came of it
  end
  if run.state ~= 'running' then
    return closed()
  end
  run.changed = true
  run.seq = math.max(run.seq, seq)
  if count < 1 or count > MAX_COUNT then
    return TAP_INVALID_REQUEST
  end
  if stamp > now + FUTURE_MS or stamp < now - PAST_MS then
    return TAP_CLOCK
  end
  stamp = math.min(stamp, now)
  if stamp < run.started and stamp >= run.started - FUTURE_MS then
    stamp = run.started
  end
  if stamp < math.max(run.stamp, run.started) then
    return TAP_CLOCK
  end
  local from = 1
  while from < #run.window do
    local old, taken = struct.unpack(ENTRY, run.window, from)
    if old > stamp - WINDOW_MS then
      break
    end
    run.sum = run.sum - taken
    from = from + ENTRY_SIZE
  end
  run.window = string.sub(run.window, from)
  if run.sum + count > WINDOW_TAPS then
    run.state, run.reason, run.evidence = 'cancelled', 'too_fast', run.sum + count
    return TAP_BLOCKED
  end
  if run.taps + count > BURST_TAPS + (now - run.started) / MS_A_TAP then
    return TAP_RATE_LIMITED
  end
  run.taps = math.min(run.taps + count, run.goal)
  run.stamp = stamp
  run.sum = run.sum + count
  run.window = run.window .. struct.pack(ENTRY, stamp, count)
  if run.taps == run.goal then
    run.state = 'done'
  end
  return TAP_OK
end

local codes, position = {}, 1
for i = 1, #ARGV[3] / 24 do
  local count, stamp, seq
  count, stamp, seq, position = struct.unpack('<ddd', ARGV[3], position)
  codes[i] = apply(count, stamp, seq)
end
save_run(run, ARGV[2])
local answer = describe_run('ok', run)
answer[#answer + 1] = codes
return answer
