-- A gateway says whose app is open, or no longer is.  What nobody says again lapses.
-- KEYS   1 who is present, of the partition
-- ARGV   1 replication id  2 how long the word holds, ms; 0: they are gone  3 ... user ids
-- Answer {'ok'}
-- Events none
-- Cost   O(users * log present)
-- @include clock

local LAPSED = 1000

local now, holds = read_clock(), tonumber(ARGV[2])
for i = 3, #ARGV do
  if holds > 0 then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + holds), ARGV[i])
  else
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
local lapsed = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, LAPSED)
if #lapsed > 0 then
  redis.call('ZREM', KEYS[1], unpack(lapsed))
end
if holds > 0 then
  redis.call('PEXPIRE', KEYS[1], holds)
end
return {'ok'}
