-- Makes a hero room and its key.  Its wait clock runs from here, whoever comes; nobody but the organizer starts it.
-- KEYS   1 room hash  2 deadline index  3 the room's key
-- ARGV   1 replication id  2 room id  3 kind (hero)  4 stake  5 capacity  6 min players  7 wait ms  8 countdown ms
--        9 game ms  10 fee bps  11 target (0: none)  12 organizer  13 organizer's seat id  14 key
--        15 organizer's profile JSON
-- Answer head; ok (also repeated, whatever became of the room) | conflict (the room or the key is another's)
-- Events none
-- Cost   O(seats)
-- @include make

local KEY_MARGIN_MS = 60000 -- the key outlives the wait, so that it ends by the room's state and not by itself

local room = load_room(ARGV[2], ARGV[1])
if room then
  local same = room.organizer == ARGV[12] and room.fields.organizer_seat == ARGV[13] and room.fields.key == ARGV[14]
  return answer(same and 'ok' or 'conflict', room)
end
room = make_room(ARGV[2], 3)
local life = string.format('%.0f', tonumber(room.fields.wait_ms) + KEY_MARGIN_MS)
if not redis.call('SET', KEYS[3], room.id, 'PX', life, 'NX') then
  return answer('conflict')
end
room.organizer = ARGV[12]
room.deadline = room.now + tonumber(room.fields.wait_ms)
set_field(room, 'organizer', ARGV[12])
set_field(room, 'organizer_profile', ARGV[15])
set_field(room, 'organizer_seat', ARGV[13])
set_field(room, 'key', ARGV[14])
save_room(room)
return answer('ok', room)
