#!lua flags=allow-oom
-- Writes down what Postgres decided, and lets the room go.  Its word stands: a room that still runs here, because Redis
-- came back older than it was, is closed with that outcome.
-- KEYS   1 room hash  2 deadline index  3 tombstones of the room  4 log of frames  5 observations
-- ARGV   1 replication id  2 room id  3 channel  4 outcome: settled | refunded  5 outcome, JSON
--        6 members of the `finished` frame, JSON without braces  7 life of the keys from now, s
-- Answer head; ok (also repeated: the first outcome stays) | not_found
-- Events finished or cancelled, only to a room that had not come to that by itself
-- Cost   O(seats)
-- @include room

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
if not room then
  redis.call('ZREM', KEYS[2], ARGV[2])
  return answer('not_found')
end
if room.fields.outcome then
  return answer('ok', room)
end
local ended = room.state == FINISHED
drop_seats(room, function(seat) return seat.status == 'reserved' end)
room.deadline = 0
if ARGV[4] == 'settled' then
  room.state = SETTLED
  if not ended then
    publish(room, 'finished', ',' .. ARGV[6])
  end
elseif ended then
  room.state = SETTLED
elseif room.state ~= CANCELLED then
  room.state = CANCELLED
  set_field(room, 'reason', 'outage')
  publish(room, 'cancelled', string.format(',"reason":"outage","refund_due":%d', room.stake))
end
set_field(room, 'outcome', ARGV[5])
save_room(room)
redis.call('ZREM', KEYS[2], room.id)
for _, i in ipairs({1, 3, 4, 5}) do
  redis.call('EXPIRE', KEYS[i], ARGV[7])
end
return answer('ok', room)
