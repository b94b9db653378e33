-- A player's own place: one more than there are players who won more.
-- KEYS   1 board (zset)
-- ARGV   1 replication id  2 member
-- Answer {'ok', place (0: won nothing), sum} | {'missing'}: the board was never built here, or is gone
-- Events none
-- Cost   O(log board)
-- @include leaderboard

local scores = redis.call('ZMSCORE', KEYS[1], COMPLETE, ARGV[2])
if not scores[1] then
  return {'missing'}
end
if not scores[2] then
  return {'ok', 0, '0'}
end
return {'ok', 1 + redis.call('ZCOUNT', KEYS[1], '(' .. scores[2], '+inf'), scores[2]}
