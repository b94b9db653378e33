#!lua flags=allow-oom
-- Ends a room without a game; every paid seat is due its stake.
-- KEYS   1 room hash  2 deadline index  3 results stream
-- ARGV   1 replication id  2 room id  3 channel  4 reason  5 the organizer who asks for it ('': nobody has to)
-- Answer head, -1, 1 if something changed; ok (also repeated) | room_closed (it has a result; to an organizer: it
--        waits no more) | forbidden (another is the organizer) | not_found
-- Events cancelled
-- Cost   O(seats)
-- @include finish

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
local code, changed = 'ok', 0
if not room then
  code = 'not_found'
elseif ARGV[5] ~= '' and ARGV[5] ~= room.organizer then
  code = 'forbidden'
elseif room.state == FINISHED or room.state == SETTLED
  or ARGV[5] ~= '' and room.state ~= WAITING and room.state ~= CANCELLED then
  code = 'room_closed'
elseif room.state ~= CANCELLED then
  cancel_room(room, ARGV[4])
  save_room(room)
  changed = 1
end
local list = answer(code, room)
list[9], list[10] = -1, changed
return list
