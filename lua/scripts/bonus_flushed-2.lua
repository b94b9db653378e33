#!lua flags=allow-oom
-- Postgres has heard of a bonus run: it leaves the index if nothing has changed since it was read, and one that is over
-- lives only a little longer.  A run that Postgres does not have is taken out.
-- KEYS   1 run  2 index of changed runs
-- ARGV   1 replication id  2 user id  3 run id (0: none was found)  4 revision that was read  5 1: Postgres has it, 0
-- Answer {ok (also repeated) | changed}
-- Events none
-- Cost   O(log runs)
-- @include bonus

local id, state, revision = unpack(redis.call('HMGET', KEYS[1], 'run', 'state', 'revision'))
if id and (id ~= ARGV[3] or revision ~= ARGV[4]) then
  return {'changed'}
end
redis.call('ZREM', KEYS[2], ARGV[2])
if ARGV[5] == '0' then
  redis.call('DEL', KEYS[1])
elseif state and state ~= 'running' then
  redis.call('PEXPIRE', KEYS[1], OVER_MS)
end
return {'ok'}
