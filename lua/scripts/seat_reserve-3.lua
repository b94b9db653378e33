-- Holds a seat for a player who is about to pay.  Makes the room if there is none and the terms of a standard one come.
-- KEYS   1 room hash  2 deadline index  3 tombstones of the room
-- ARGV   1 replication id  2 room id  3 seat id  4 user id  5 attempt  6 reservation ms
--        7 kind  8 stake  9 capacity  10 min players  11 wait ms  12 countdown ms  13 game ms  14 fee bps
--        15 target (0: none); 7 to 15 count only for a new room, and without them none is made
-- Answer head (see `answer`), holder's seat id, holder's attempt, 1 if the holder has paid ('' '' 0: nobody)
--        ok | room_full | room_closed | already_in_room (the holder is the same user's other seat, or the organizer's)
--        Repeated: ok, and an unpaid seat is held anew.
-- Events none
-- Cost   O(seats)
-- @include make

local seat_id, user_id, attempt, hold_ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])

local function reply(code, room, holder)
  local list = answer(code, room)
  list[9] = holder and holder.id or ''
  list[10] = holder and holder.attempt or ''
  list[11] = holder and holder.status == 'paid' and 1 or 0
  return list
end

local room = load_room(ARGV[2], ARGV[1])
if not room then
  if ARGV[7] ~= 'standard' then
    return reply('room_closed')
  end
  room = make_room(ARGV[2], 7)
end
if user_id == room.organizer then
  return reply('already_in_room', room, {id = room.fields.organizer_seat, attempt = '', status = 'paid'})
end

for _, seat in ipairs(room.seats) do
  if seat.id == seat_id and (seat.status == 'paid' or seat.until_ms > room.now) then
    if seat.status == 'reserved' and room.state == WAITING then
      seat.until_ms = room.now + hold_ms
      set_seat(room, seat)
      save_room(room)
    end
    return reply('ok', room)
  end
end
if room.state ~= WAITING or room.organizer and room.now >= room.deadline
  or redis.call('SISMEMBER', KEYS[3], seat_id) == 1 then
  return reply('room_closed', room)
end
for _, seat in ipairs(room.seats) do
  if seat.user_id == user_id and (seat.status == 'paid' or seat.until_ms > room.now) then
    return reply('already_in_room', room, seat)
  end
end
if free_seats(room) == 0 then
  return reply('room_full', room)
end

drop_expired(room)
local number = tonumber(room.fields.joins) + 1
local seat = {
  id = seat_id, status = 'reserved', until_ms = room.now + hold_ms, number = number, user_id = user_id,
  attempt = attempt,
}
room.seats[#room.seats + 1] = seat
room.reserved = room.reserved + 1
set_field(room, 'joins', number)
set_seat(room, seat)
save_room(room)
return reply('ok', room)
