#!lua flags=allow-oom
-- A gateway says that it lives and how it is, and hears whether it is to drain.  Those that fell silent are forgotten.
-- KEYS   1 gateways  2 when each one's word lapses  3 orders
-- ARGV   1 replication id  2 name  3 instance: an order for an earlier process of the same name is not this one's
--        4 its description, JSON  5 how long its word holds, ms
-- Answer {'drain' or 'serve'}
-- Events none
-- Cost   O(log gateways)
-- @include clock

local SILENT = 100

local now = read_clock()
local silent = redis.call('ZRANGE', KEYS[2], '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, SILENT)
for _, name in ipairs(silent) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('HDEL', KEYS[3], name)
  redis.call('ZREM', KEYS[2], name)
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[5]), ARGV[2])
local order = redis.call('HGET', KEYS[3], ARGV[2])
if order and order ~= ARGV[3] then
  redis.call('HDEL', KEYS[3], ARGV[2])
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[5])
end
return {order == ARGV[3] and 'drain' or 'serve'}
