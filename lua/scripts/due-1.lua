-- Rooms of a partition whose deadline has come, the oldest first.
-- KEYS   1 deadline index
-- ARGV   1 replication id  2 limit
-- Answer {now ms, room id, due ms, ...}
-- Events none
-- Cost   O(limit)
-- @include clock

local now = read_clock()
local list = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, ARGV[2],
  'WITHSCORES')
table.insert(list, 1, now)
return list
