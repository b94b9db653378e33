-- Hands out one seat: of the oldest room that has one to give away, else of a new room.  A promise lapses after a
-- while, so a player who never comes costs nobody a seat.
-- KEYS   1 rooms  2 open  3 held
-- ARGV   1 replication id  2 id for a new room  3 its capacity
-- Answer {room id}
-- Events none
-- Cost   O(log rooms)
-- @include lobby

local now = read_clock()
local lapsed = redis.call('ZRANGE', KEYS[3], '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, 1)[1]
local room_id = lapsed or redis.call('ZRANGE', KEYS[2], 0, 0)[1]
local record
if room_id then
  record = read_record(redis.call('HGET', KEYS[1], room_id))
  if record.until_ms <= now then
    record.promised = 0
  end
else
  room_id = ARGV[2]
  record = new_record(room_id, tonumber(ARGV[3]))
end
record.promised = record.promised + 1
record.until_ms = now + TICKET_MS
place_record(room_id, record, now)
return {room_id}
