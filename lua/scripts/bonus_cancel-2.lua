#!lua flags=allow-oom
-- Cancels a bonus run for its player.
-- KEYS   1 run  2 index of changed runs
-- ARGV   1 replication id  2 user id  3 run id
-- Answer the run (see `describe_run`): ok (also repeated) | conflict (it came to another end) | not_found (there is
--        none, or another)
-- Events none
-- Cost   O(1)
-- @include bonus

local run = load_run()
if not run or run.id ~= tonumber(ARGV[3]) then
  return {'not_found'}
end
if run.state == 'running' then
  run.state, run.reason, run.changed = 'cancelled', 'player', true
end
save_run(run, ARGV[2])
return describe_run(run.state == 'cancelled' and 'ok' or 'conflict', run)
