-- A whole room in memory, for every command but the usual tap batch.  KEYS[1] is its hash, KEYS[2] the deadline index.
-- Setters collect; `save_room` writes once.
-- @include clock
-- @include layout

local STATE_NAMES = {'waiting', 'countdown', 'playing', 'finished', 'cancelled', 'settled'}
local EMPTY_MS = 15000 -- a waiting room without any seat for this long is cancelled
local SETTLE_MS = 30000 -- a finished room comes up in the deadline index again and again until it is settled

local function by_number(a, b)
  return a.number < b.number
end

-- The room, or nil.  `now` never goes back inside a room, whatever the server's clock did after a failover.
local function load_room(id, replid, channel)
  local flat = redis.call('HGETALL', KEYS[1])
  if #flat == 0 then
    return nil
  end
  local fields, seats = {}, {}
  for i = 1, #flat, 2 do
    local name, value = flat[i], flat[i + 1]
    if string.sub(name, 1, 2) == 's:' then
      local status, until_ms, number, user_id, attempt = string.match(value, '^(%a+) (%d+) (%d+) (%d+) (.*)$')
      seats[#seats + 1] = {
        id = string.sub(name, 3), status = status, until_ms = tonumber(until_ms), number = tonumber(number),
        user_id = user_id, attempt = attempt,
      }
    else
      fields[name] = value
    end
  end
  table.sort(seats, by_number)
  local state, version, applied, target, starts, ends, last = struct.unpack(HOT, fields.hot)
  local nonce = string.sub(fields.hot, HOT_NONCE, HOT_RECENT - 1)
  local room = {
    id = id, channel = channel, fields = fields, seats = seats, changes = {}, drops = {},
    state = state, version = version, applied = applied, target = target, starts = starts, ends = ends,
    nonce = nonce, epoch = nonce .. '.' .. replid, now = math.max(read_clock(), last),
    recent = string.sub(fields.hot, HOT_RECENT),
    revision = tonumber(fields.revision), deadline = tonumber(fields.deadline), empty = tonumber(fields.empty),
    stake = tonumber(fields.stake), capacity = tonumber(fields.capacity), paid = 0, reserved = 0,
    organizer = fields.organizer,
  }
  for _, seat in ipairs(seats) do
    if seat.status == 'paid' then
      room.paid = room.paid + 1
    elseif seat.until_ms > room.now then
      room.reserved = room.reserved + 1
    end
  end
  return room
end

local function set_field(room, name, value)
  room.fields[name] = value
  room.changes[#room.changes + 1] = name
  room.changes[#room.changes + 1] = value
end

local function drop_field(room, name)
  room.fields[name] = nil
  room.drops[#room.drops + 1] = name
end

local function set_seat(room, seat)
  set_field(room, 's:' .. seat.id,
    string.format('%s %.0f %d %s %s', seat.status, seat.until_ms, seat.number, seat.user_id, seat.attempt))
end

-- Takes seats out of the room: those that `unwanted` names.
local function drop_seats(room, unwanted)
  local kept = {}
  for _, seat in ipairs(room.seats) do
    if unwanted(seat) then
      drop_field(room, 's:' .. seat.id)
      if seat.status == 'paid' then
        room.paid = room.paid - 1
        drop_field(room, 'p:' .. seat.user_id)
        drop_field(room, 'n:' .. seat.user_id)
      elseif seat.until_ms > room.now then
        room.reserved = room.reserved - 1
      end
    else
      kept[#kept + 1] = seat
    end
  end
  room.seats = kept
end

local function drop_expired(room)
  drop_seats(room, function(seat) return seat.status == 'reserved' and seat.until_ms <= room.now end)
end

-- Free seats, for the lobby: none once the room is closed to newcomers.
local function free_seats(room)
  if room.state ~= WAITING then
    return 0
  end
  return math.max(0, room.capacity - room.paid - room.reserved)
end

-- The moment at which `room_tick` has something to do.
local function next_due(room)
  if room.state == WAITING then
    return room.deadline > 0 and room.deadline or room.empty + EMPTY_MS
  elseif room.state == COUNTDOWN then
    return room.starts
  elseif room.state == PLAYING then
    return room.ends + GRACE_MS
  end
  return room.now + SETTLE_MS
end

-- One version, one event: a complete frame as clients get it.  `body` begins with a comma.
local function publish(room, kind, body)
  room.version = room.version + 1
  redis.call('SPUBLISH', room.channel, string.format('{"type":"%s","epoch":"%s","version":%d%s}',
    kind, room.epoch, room.version, body))
end

local function new_record(index)
  return struct.pack(PLAYER, 0, 0, 0, 0, 0, 0, 0, PROMPT_MS, 0, index)
end

-- Writes what was collected, and moves the deadline with it.  A hero room's deadline stands from the beginning.
local function save_room(room)
  room.revision = room.revision + 1
  if room.state == WAITING and room.paid == 0 and not room.organizer then
    room.deadline = 0
    room.empty = room.now
    for _, seat in ipairs(room.seats) do
      room.empty = math.max(room.empty, seat.until_ms)
    end
  end
  set_field(room, 'hot', struct.pack(HOT, room.state, room.version, room.applied, room.target,
    room.starts, room.ends, room.now) .. room.nonce .. room.recent)
  set_field(room, 'revision', room.revision)
  set_field(room, 'deadline', string.format('%.0f', room.deadline))
  set_field(room, 'empty', string.format('%.0f', room.empty))
  if #room.drops > 0 then
    redis.call('HDEL', KEYS[1], unpack(room.drops))
  end
  redis.call('HSET', KEYS[1], unpack(room.changes))
  if room.state == SETTLED then
    redis.call('ZREM', KEYS[2], room.id)
  else
    redis.call('ZADD', KEYS[2], string.format('%.0f', next_due(room)), room.id)
  end
end

-- The head of every answer: code, version, revision, free, paid, state, stake, kind.
local function answer(code, room)
  if not room then
    return {code, 0, 0, 0, 0, 'none', 0, 'none'}
  end
  return {code, room.version, room.revision, free_seats(room), room.paid, STATE_NAMES[room.state], room.stake,
    room.fields.kind}
end

-- Nobody unpaid comes along: whoever pays later finds the seat gone and is refunded.  From here on the seats are fixed,
-- and each has the index by which the log of frames names it.
local function begin_countdown(room)
  drop_seats(room, function(seat) return seat.status == 'reserved' end)
  for index, seat in ipairs(room.seats) do
    set_field(room, 'p:' .. seat.user_id, new_record(index))
  end
  room.state = COUNTDOWN
  room.deadline = 0
  room.starts = room.now + tonumber(room.fields.countdown_ms)
  room.ends = room.starts + tonumber(room.fields.game_ms)
  publish(room, 'countdown', string.format(',"starts_ms":%.0f', room.starts))
end
