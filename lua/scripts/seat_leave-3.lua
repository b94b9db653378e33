#!lua flags=allow-oom
-- Gives a seat back, for good: its id is put on the tombstones and can never be confirmed.  After ok a refund is safe.
-- KEYS   1 room hash  2 deadline index  3 tombstones of the room
-- ARGV   1 replication id  2 room id  3 channel  4 seat id
-- Answer head; ok (also repeated, also for a seat that the room does not have) | room_closed (the seat is paid and the
--        room waits no more) | not_found (no room)
-- Events player_left, if the seat was paid
-- Cost   O(seats)
-- @include room

local seat_id = ARGV[4]

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
if not room then
  return answer('not_found')
end
local seat
for _, candidate in ipairs(room.seats) do
  if candidate.id == seat_id then
    seat = candidate
  end
end
if seat and room.state ~= WAITING then
  return answer('room_closed', room)
end
if room.state == WAITING then -- else nothing is confirmed any more, and a set made after the end would never go
  redis.call('SADD', KEYS[3], seat_id)
end
if seat then
  drop_seats(room, function(other) return other == seat end)
  if seat.status == 'paid' then
    publish(room, 'player_left', string.format(',"user_id":"%s"', seat.user_id))
  end
  save_room(room)
end
return answer('ok', room)
