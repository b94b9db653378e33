#!lua flags=allow-oom
-- Reads a bonus run; one whose time is over is expired by it.
-- KEYS   1 run  2 index of changed runs
-- ARGV   1 replication id  2 user id
-- Answer the run (see `describe_run`): ok | not_found
-- Events none
-- Cost   O(1)
-- @include bonus

local run = load_run()
if not run then
  return {'not_found'}
end
save_run(run, ARGV[2])
return describe_run('ok', run)
