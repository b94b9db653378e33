#!lua flags=allow-oom
-- Makes a held seat a paid one.  In a standard room the first starts the wait clock, the last free one the countdown; a
-- hero room has its clock from the beginning and starts by hand.
-- KEYS   1 room hash  2 deadline index  3 tombstones of the room
-- ARGV   1 replication id  2 room id  3 channel  4 seat id  5 user id  6 profile, a JSON object
-- Answer head, then with ok the whole room (see `describe`)
--        ok | room_closed (the seat is gone, given back, or the room went on without it)
--        Repeated: ok, whatever became of the room: the seat is in its result.
-- Events player_joined, countdown
-- Cost   O(seats)
-- @include describe

local seat_id, user_id, profile = ARGV[4], ARGV[5], ARGV[6]

local function confirmed(room)
  local list = answer('ok', room)
  list[9] = describe(room)
  return list
end

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
if not room then
  return answer('room_closed')
end
local seat
for _, candidate in ipairs(room.seats) do
  if candidate.id == seat_id and candidate.user_id == user_id then
    seat = candidate
  end
end
if not seat then
  return answer('room_closed', room)
elseif seat.status == 'paid' then
  return confirmed(room)
elseif room.state ~= WAITING then
  return answer('room_closed', room)
end

-- An expired seat that is still written down was needed by nobody since: it may be taken.
if seat.until_ms > room.now then
  room.reserved = room.reserved - 1
end
seat.status = 'paid'
seat.until_ms = 0
room.paid = room.paid + 1
set_seat(room, seat)
set_field(room, 'p:' .. user_id, new_record(0))
set_field(room, 'n:' .. user_id, profile)
local inner = string.sub(profile, 2, -2)
publish(room, 'player_joined', ',"player":{"user_id":"' .. user_id .. '"' .. (inner == '' and '' or ',') .. inner
  .. ',"taps":0,"seq":0,"state":"paid","place":null}')
if not room.organizer then
  if room.paid == 1 then
    room.deadline = room.now + tonumber(room.fields.wait_ms)
  end
  if room.paid == room.capacity then
    begin_countdown(room)
  end
end
save_room(room)
return confirmed(room)
