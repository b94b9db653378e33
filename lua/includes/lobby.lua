-- A stake's lobby: a hint where a free seat is.  KEYS: 1 rooms (hash)  2 open (zset by order of opening: a seat to give
-- away)  3 held (zset by ms: all free seats are promised; at that moment unused promises lapse).
-- A record: order, revision, free, paid, phase (waiting | playing), promised, promised until, seen ms.
-- @include clock

local TICKET_MS = 4000 -- how long a seat is promised to the holder of a ticket

local function read_record(text)
  local order, revision, free, paid, phase, promised, until_ms, seen = string.match(text,
    '^(%d+) (%d+) (%d+) (%d+) (%a+) (%d+) (%d+) (%d+)$')
  return {
    order = tonumber(order), revision = tonumber(revision), free = tonumber(free), paid = tonumber(paid), phase = phase,
    promised = tonumber(promised), until_ms = tonumber(until_ms), seen = tonumber(seen),
  }
end

local function count(phase, change)
  if change ~= 0 then
    redis.call('HINCRBY', KEYS[1], '#' .. phase, change)
  end
end

local function new_record(room_id, free)
  return {
    id = room_id, order = redis.call('HINCRBY', KEYS[1], '#order', 1), revision = 0, free = free, paid = 0,
    phase = 'waiting', promised = 0, until_ms = 0, seen = 0,
  }
end

local function place_record(room_id, record, now)
  redis.call('HSET', KEYS[1], room_id, string.format('%d %d %d %d %s %d %.0f %.0f', record.order, record.revision,
    record.free, record.paid, record.phase, record.promised, record.until_ms, now))
  if record.free > record.promised then
    redis.call('ZADD', KEYS[2], record.order, room_id)
    redis.call('ZREM', KEYS[3], room_id)
  elseif record.free > 0 then
    redis.call('ZREM', KEYS[2], room_id)
    redis.call('ZADD', KEYS[3], string.format('%.0f', record.until_ms), room_id)
  else
    redis.call('ZREM', KEYS[2], room_id)
    redis.call('ZREM', KEYS[3], room_id)
  end
end

local function forget(room_id, record)
  count(record.phase, -record.paid)
  redis.call('HDEL', KEYS[1], room_id)
  redis.call('ZREM', KEYS[2], room_id)
  redis.call('ZREM', KEYS[3], room_id)
end

-- What a room says of itself.  An older word than the last one changes nothing, but still uses up a promise.
local function take_report(room_id, revision, free, paid, state, used, now)
  local text = redis.call('HGET', KEYS[1], room_id)
  local over = state ~= 'waiting' and state ~= 'countdown' and state ~= 'playing'
  if not text and over then
    return
  end
  local record = text and read_record(text) or new_record(room_id, 0)
  record.promised = math.max(0, record.promised - used)
  if over then
    return forget(room_id, record)
  end
  if revision > record.revision then
    local phase = state == 'waiting' and 'waiting' or 'playing'
    count(record.phase, -record.paid)
    count(phase, paid)
    record.revision, record.free, record.paid, record.phase = revision, free, paid, phase
  end
  place_record(room_id, record, now)
end
