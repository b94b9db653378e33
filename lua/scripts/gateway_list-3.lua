-- Every gateway that lives, and the order that it has.
-- KEYS   1 gateways  2 when each one's word lapses  3 orders
-- ARGV   1 replication id
-- Answer {'ok', {name, description, order: an instance or ''} ...} by name; 1000 at most
-- Events none
-- Cost   O(gateways)
-- @include clock

local LISTED = 1000

local names = redis.call('ZRANGE', KEYS[2], string.format('(%.0f', read_clock()), '+inf', 'BYSCORE', 'LIMIT', 0, LISTED)
table.sort(names)
local list = {'ok'}
for _, name in ipairs(names) do
  list[#list + 1] = {name, redis.call('HGET', KEYS[1], name), redis.call('HGET', KEYS[3], name) or ''}
end
return list
