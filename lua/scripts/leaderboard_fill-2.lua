-- Puts some players into the leaderboard that is being built.
-- KEYS   1 building (zset)  2 builder (hash)
-- ARGV   1 replication id  2 token  3 number of this step, from 1  4 ms until an abandoned build is forgotten; then for
--        each player: member, sum
-- Answer {'ok'} (also repeated) | {'lost'}: the build was abandoned, or this server forgot a part of it
-- Events none
-- Cost   O(players log board)
-- @include leaderboard

local state = redis.call('HMGET', KEYS[2], 'token', 'step')
local done, step = tonumber(state[2]), tonumber(ARGV[3])
if state[1] ~= ARGV[2] or (step ~= done and step ~= done + 1) then
  return {'lost'}
end
raise_scores(KEYS[1], 5, 2, 1)
redis.call('HSET', KEYS[2], 'step', step)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {'ok'}
