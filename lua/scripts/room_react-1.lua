-- Shows everybody in the room a reaction of one to another, or to oneself, before the game.  Nothing is kept of it.
-- KEYS   1 room hash
-- ARGV   1 replication id  2 room id  3 channel  4 user id  5 the other's user id  6 emoji
-- Answer {code}: ok | conflict (the game has begun, or the room is over) | not_found (no such room, or one of the two
--        is neither a paid player of it nor its organizer)
-- Events reaction, which has no version: whoever misses it misses nothing
-- Cost   O(1)
-- @include layout

local from, to = ARGV[4], ARGV[5]
local hot, organizer, sender, receiver = unpack(redis.call('HMGET', KEYS[1], 'hot', 'organizer', 'p:' .. from,
  'p:' .. to))
if not hot or not (sender or organizer == from) or not (receiver or organizer == to) then
  return {'not_found'}
elseif struct.unpack('<B', hot) > COUNTDOWN then
  return {'conflict'}
end
redis.call('SPUBLISH', ARGV[3], string.format('{"type":"reaction","from":"%s","to":"%s","emoji":"%s"}', from, to,
  ARGV[6]))
return {'ok'}
