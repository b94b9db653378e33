-- Counts one request against a limit that all gateways share (generic cell rate algorithm, ITU-T I.371), takes one
-- back, or charges what was done already, over the limit too.  Sent twice it counts twice, which can only refuse more.
-- KEYS   1 when the caller's bucket will be full again, ms
-- ARGV   1 replication id  2 'take', 'give' or 'charge'  3 ms until one more is allowed  4 how many at once
-- Answer {'ok', 0, or with 'charge' the ms until the next would pass} | {'rate_limited', ms until the next would pass}
-- Events none
-- Cost   O(1)
-- @include clock

local now = read_clock()
local interval = tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local latest = now + interval * ARGV[4]
local wait = 0
if ARGV[2] == 'give' then
  full_at = full_at - interval
elseif ARGV[2] == 'charge' then
  full_at = full_at + interval
  wait = math.max(0, full_at + interval - latest)
else
  full_at = full_at + interval
  if full_at > latest then
    return {'rate_limited', full_at - latest}
  end
end
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', string.format('%.0f', full_at - now))
else
  redis.call('DEL', KEYS[1])
end
return {'ok', wait}
