-- How a game begins and ends.  KEYS[3] is the results stream, KEYS[4] the heartbeat of the partition.
-- @include room
-- @include ranking

local OUTAGE_MS = 5000

local function begin_game(room)
  room.state = PLAYING
  publish(room, 'started', string.format(',"ends_ms":%.0f', room.ends))
end

-- True when the heartbeat of this partition missed more than OUTAGE_MS of the game: players tapped into the void.
local function had_outage(room)
  local beat = redis.call('HMGET', KEYS[4], 'at', 'from', 'to')
  local at, from, to = tonumber(beat[1]), tonumber(beat[2]), tonumber(beat[3])
  local last = room.ends + GRACE_MS
  if from and from < last and to > room.starts then
    return true
  end
  return at ~= nil and room.now - at > OUTAGE_MS and at < last and room.now > room.starts
end

-- Into the stream that settlement reads, and beside it into the room.
local function write_result(room, list, outcome, reason)
  local seats = {}
  for i, player in ipairs(list) do
    seats[i] = string.format('{"seat_id":"%s","user_id":"%s","index":%d,"taps":%d,"place":%s,"blocked":%s,"best":%d,'
      .. '"evidence":%d}', player.id, player.user_id, player.index, player.taps,
      outcome == 'finished' and player.place or 'null', player.blocked == 0 and 'false' or 'true', player.best,
      player.evidence)
  end
  local result = string.format('{"room_id":"%s","kind":"%s","outcome":"%s","reason":%s,"stake":%d,"target":%s,'
    .. '"organizer_id":%s,"starts_ms":%s,"ends_ms":%s,"finished_ms":%.0f,"version":%d,"seats":[%s]}', room.id,
    room.fields.kind, outcome, reason and '"' .. reason .. '"' or 'null', room.stake,
    room.target > 0 and string.format('%d', room.target) or 'null',
    room.organizer and '"' .. room.organizer .. '"' or 'null',
    room.starts > 0 and string.format('%.0f', room.starts) or 'null',
    room.ends > 0 and string.format('%.0f', room.ends) or 'null', room.now, room.version, table.concat(seats, ','))
  set_field(room, 'finished_ms', string.format('%.0f', room.now))
  set_field(room, 'result', result)
  redis.call('XADD', KEYS[3], '*', 'room_id', room.id, 'result', result)
end

local function cancel_room(room, reason)
  drop_seats(room, function(seat) return seat.status == 'reserved' end)
  room.state = CANCELLED
  room.deadline = 0
  set_field(room, 'reason', reason)
  publish(room, 'cancelled', string.format(',"reason":"%s","refund_due":%d', reason, room.stake))
  write_result(room, ranking(room), 'cancelled', reason)
end

-- The end of the game, or its cancellation where Redis was away for too long.
local function finish_room(room)
  if had_outage(room) then
    return cancel_room(room, 'outage')
  end
  local list = ranking(room)
  local pool = room.stake * room.paid
  local prize = pool - math.floor(pool * tonumber(room.fields.fee_bps) / 10000)
  local first = list[1]
  local won = first ~= nil and first.blocked == 0 and first.taps > 0
  local standings = {}
  for i, player in ipairs(list) do
    standings[i] = string.format('{"place":%s,"user_id":"%s","taps":%d,"prize":%d}',
      player.place, player.user_id, player.taps, won and i == 1 and prize or 0)
  end
  room.state = FINISHED
  publish(room, 'finished', string.format(',"winner":%s,"prize":%d,"standings":[%s]',
    won and '"' .. first.user_id .. '"' or 'null', won and prize or 0, table.concat(standings, ',')))
  write_result(room, list, 'finished', nil)
end
