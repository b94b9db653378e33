#!lua flags=allow-oom
-- Heartbeat of a partition.  A silence of over 5 s is written down as an outage, and every room of the partition comes
-- up at once, so that the games it fell into are cancelled.
-- KEYS   1 heartbeat  2 deadline index
-- ARGV   1 replication id
-- Answer {now ms, 1 if an outage was found}
-- Events none
-- Cost   O(1); after an outage O(rooms), 1000 at most
-- @include clock

local OUTAGE_MS, ROOMS = 5000, 1000

local now = read_clock()
local text = string.format('%.0f', now)
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or 0)
if now <= at then
  return {at, 0}
elseif at == 0 or now - at <= OUTAGE_MS then
  redis.call('HSET', KEYS[1], 'at', text)
  return {now, 0}
end
redis.call('HSET', KEYS[1], 'at', text, 'from', string.format('%.0f', at), 'to', text)
for _, room_id in ipairs(redis.call('ZRANGE', KEYS[2], 0, ROOMS - 1)) do
  redis.call('ZADD', KEYS[2], text, room_id)
end
return {now, 1}
