-- Orders a gateway to drain; it learns it with its next beat.
-- KEYS   1 gateways  2 when each one's word lapses  3 orders
-- ARGV   1 replication id  2 name
-- Answer {'ok'}, or {'not_found'} when no gateway of that name lives
-- Events none
-- Cost   O(1)
-- @include clock

local lapses = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not lapses or tonumber(lapses) <= read_clock() then
  return {'not_found'}
end
redis.call('HSET', KEYS[3], ARGV[2], cjson.decode(redis.call('HGET', KEYS[1], ARGV[2])).instance)
redis.call('PEXPIRE', KEYS[3], redis.call('PTTL', KEYS[2]))
return {'ok'}
