-- Reads a whole room.
-- KEYS   1 room hash
-- ARGV   1 replication id  2 room id
-- Answer {'not_found'}, or the room (see `describe`)
-- Events none
-- Cost   O(seats)
-- @include describe

local room = load_room(ARGV[2], ARGV[1])
if not room then
  return {'not_found'}
end
return describe(room)
