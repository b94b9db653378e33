#!lua flags=allow-oom
-- The organizer starts the game of a hero room.
-- KEYS   1 room hash  2 deadline index
-- ARGV   1 replication id  2 room id  3 channel  4 user id
-- Answer head, then with ok the whole room (see `describe`)
--        ok (also repeated, as long as the room was not cancelled) | forbidden (one of its players)
--        conflict (too few paid seats) | room_closed (cancelled, or its time to start is over)
--        not_found (no such room, or nobody of it asks: whether there is one is not theirs to know)
-- Events countdown
-- Cost   O(seats)
-- @include describe

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
if not room then
  return answer('not_found')
elseif ARGV[4] ~= room.organizer then
  return answer(room.fields['p:' .. ARGV[4]] and 'forbidden' or 'not_found', room)
elseif room.state == CANCELLED or room.state == WAITING and room.now >= room.deadline then
  return answer('room_closed', room)
elseif room.state == WAITING then
  if room.paid < tonumber(room.fields.min_players) then
    return answer('conflict', room)
  end
  begin_countdown(room)
  save_room(room)
end
local list = answer('ok', room)
list[9] = describe(room)
return list
