-- A gateway that ends takes its name from the list, unless another process has it by now.
-- KEYS   1 gateways  2 when each one's word lapses  3 orders
-- ARGV   1 replication id  2 name  3 instance
-- Answer {'ok'} or {'not_found'}
-- Events none
-- Cost   O(log gateways)

local found = redis.call('HGET', KEYS[1], ARGV[2])
if not found or cjson.decode(found).instance ~= ARGV[3] then
  return {'not_found'}
end
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
return {'ok'}
