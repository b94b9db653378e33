-- Ends a room without a game; every paid seat is due its stake.
-- KEYS   1 room hash  2 deadline index  3 results stream
-- ARGV   1 replication id  2 room id  3 channel  4 reason
-- Answer head, -1, 1 if something changed; ok (also repeated) | room_closed (it has a result) | not_found
-- Events cancelled
-- Cost   O(seats)
-- @include finish

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
local code, changed = 'ok', 0
if not room then
  code = 'not_found'
elseif room.state == FINISHED or room.state == SETTLED then
  code = 'room_closed'
elseif room.state ~= CANCELLED then
  cancel_room(room, ARGV[4])
  save_room(room)
  changed = 1
end
local list = answer(code, room)
list[9], list[10] = -1, changed
return list
