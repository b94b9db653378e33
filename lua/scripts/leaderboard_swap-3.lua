-- Puts the leaderboard that was built into the place of the one that is read, at once.
-- KEYS   1 board (zset)  2 building (zset)  3 builder (hash)
-- ARGV   1 replication id  2 token  3 steps that were made  4 ms of its end, 0: it has none
-- Answer {'ok', players} | {'lost'}: the build was abandoned, or this server forgot a part of it
-- Events none
-- Cost   O(1)
-- @include leaderboard

local state = redis.call('HMGET', KEYS[3], 'token', 'step')
if state[1] ~= ARGV[2] or state[2] ~= ARGV[3] or not redis.call('ZSCORE', KEYS[2], COMPLETE) then
  return {'lost'}
end
local players = redis.call('ZCARD', KEYS[2]) - 1
redis.call('UNLINK', KEYS[1]) -- RENAME would free the old one while everybody waits
redis.call('RENAME', KEYS[2], KEYS[1])
if ARGV[4] == '0' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIREAT', KEYS[1], ARGV[4])
end
redis.call('DEL', KEYS[3])
return {'ok', players}
