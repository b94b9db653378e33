-- Counts one observation about a player of a running room, for the signals after the game.
-- KEYS   1 room hash  2 observations
-- ARGV   1 replication id  2 room id  3 what was seen: user id, kind and value, with a space between
-- Answer {code}: ok | room_closed (over, or there are enough observations) | not_found
-- Events none
-- Cost   O(1)
-- @include layout

local MAX_NOTES = 1000

local hot = redis.call('HGET', KEYS[1], 'hot')
if not hot then
  return {'not_found'}
elseif struct.unpack('<B', hot) >= FINISHED or redis.call('HLEN', KEYS[2]) >= MAX_NOTES then
  return {'room_closed'}
end
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
return {'ok'}
