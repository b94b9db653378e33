-- The first of a leaderboard.
-- KEYS   1 board (zset)
-- ARGV   1 replication id  2 how many
-- Answer {'ok', member, sum, ...} | {'missing'}: the board was never built here, or is gone
-- Events none
-- Cost   O(log board + how many)
-- @include leaderboard

if not redis.call('ZSCORE', KEYS[1], COMPLETE) then
  return {'missing'}
end
local list = redis.call('ZRANGE', KEYS[1], '+inf', '(0', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
table.insert(list, 1, 'ok')
return list
