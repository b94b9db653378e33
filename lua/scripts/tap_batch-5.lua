-- Applies the frames of one room that a gateway gathered, in their order.  The rules are design.md's six.
-- KEYS   1 room hash  2 deadline index  3 results stream  4 heartbeat  5 log of frames
-- ARGV   1 replication id  2 room id  3 channel  4 taps, timestamp ms, seq (-1: none) of each frame, packed doubles;
--        then the user id of each frame (four words a frame would cost a sixth more)
-- Answer one TAP_ code for each frame
-- Events started (where nobody had called room_tick yet), progress, blocked, finished or cancelled (target reached)
-- Cost   O(frames): one HMGET, one HSET, one APPEND, one SPUBLISH; O(seats) more when it starts or ends the game
-- @include clock
-- @include layout
-- @include codes

local MAX_COUNT, MAX_SEQ = 50, 4294967295
local WINDOW_MS, WINDOW_TAPS = 2000, 50
local FUTURE_MS, PAST_MS = 2000, 12000

local args = ARGV
local numbers, position = args[4], 1
local frames = #args - 4
local wanted = {'hot'}
for i = 1, frames do
  wanted[i + 1] = 'p:' .. args[4 + i]
end
local found = redis.call('HMGET', KEYS[1], unpack(wanted))
local hot = found[1]
local replies = {}

-- What seldom happens works on the whole room.  Its functions are made only then: making them costs more than a frame.
local function begin_or_finish()
  -- @include finish
  local room = load_room(args[2], args[1], args[3])
  if room.state == COUNTDOWN then
    begin_game(room)
  else
    finish_room(room)
  end
  save_room(room)
  return room.version
end

local state, version, applied, target, starts, ends, last, rest, now, refusal
if not hot then
  refusal = TAP_NOT_FOUND
else
  state, version, applied, target, starts, ends, last, rest = struct.unpack(HOT, hot)
  now = read_clock()
  if now < last then
    now = last
  end
  if state == WAITING or state == COUNTDOWN and now < starts then
    refusal = TAP_CONFLICT
  elseif state > PLAYING or now >= ends + GRACE_MS then
    refusal = TAP_ROOM_CLOSED
  end
end
if refusal then
  for i = 1, frames do
    replies[i] = refusal
  end
  return replies
end
if state == COUNTDOWN then
  version = begin_or_finish()
  state = PLAYING
end

local in_grace = now >= ends
local allowed = 50 + (now - starts) / 40
local byte, sub, format = string.byte, string.sub, string.format
local unpack_numbers, pack_numbers = struct.unpack, struct.pack
local slots, writes, news, used = {}, {'hot', ''}, {}, 0
local log, counted = {''}, 0
local blocked_users
local reached_target = false

for i = 1, frames do
  local user_id, count, stamp, seq = args[4 + i]
  count, stamp, seq, position = unpack_numbers('<ddd', numbers, position)
  local slot = slots[user_id]
  local record
  if slot then
    record = writes[2 * slot + 2]
  else
    record = found[i + 1]
  end
  local code
  if not record then
    code = TAP_FORBIDDEN
  elseif reached_target then
    code = TAP_ROOM_CLOSED
  else
    local blocked, taps, last_seq, reached, last_ms, sum, best, evidence, index = unpack_numbers(PLAYER, record)
    if blocked ~= 0 then
      code = TAP_FORBIDDEN
    elseif seq > MAX_SEQ then
      code = TAP_INVALID_REQUEST
    elseif in_grace and stamp >= ends then
      code = TAP_ROOM_CLOSED
    else
      local window = PLAYER_WINDOW
      local tail = ''
      if seq >= 0 and seq <= last_seq then
        code = TAP_DUPLICATE
      else
        if seq >= 0 then
          last_seq = seq
        end
        local ms = (stamp < now and stamp or now) - starts
        if ms < 0 and ms >= -FUTURE_MS then
          ms = 0
        end
        if count < 1 or count > MAX_COUNT then
          code = TAP_INVALID_REQUEST
        elseif stamp > now + FUTURE_MS or stamp < now - PAST_MS or ms < last_ms then
          code = TAP_CLOCK
        else
          local edge, length = ms - WINDOW_MS, #record
          while window < length do
            local low, middle, high, taken = byte(record, window, window + 3)
            if low + middle * 256 + high * 65536 > edge then
              break
            end
            sum = sum - taken
            window = window + 4
          end
          if sum + count > WINDOW_TAPS then
            code = TAP_BLOCKED
            blocked = 1
            evidence = sum + count
            blocked_users = blocked_users or {}
            blocked_users[#blocked_users + 1] = user_id
          elseif taps + count > allowed then
            code = TAP_RATE_LIMITED
          else
            code = TAP_OK
            taps = taps + count
            sum = sum + count
            applied = applied + 1
            reached = applied
            last_ms = ms
            if sum > best then
              best = sum
            end
            local entry = pack_numbers('<I2I3B', index, ms, count)
            tail = sub(entry, 3)
            counted = counted + 1
            log[counted + 1] = entry
            reached_target = target > 0 and taps >= target
          end
        end
      end
      if not slot then
        used = used + 1
        slot = used
        slots[user_id] = slot
        writes[2 * slot + 1] = wanted[i + 1]
      end
      writes[2 * slot + 2] = pack_numbers(PLAYER, blocked, taps, last_seq, reached, last_ms, sum, best, evidence,
        index) .. sub(record, window) .. tail
      news[slot] = format('"%s":[%d,%d]', user_id, taps, last_seq)
    end
  end
  replies[i] = code
end

if used == 0 then
  return replies
end
local nonce = sub(hot, rest)
local since = version
if not in_grace then
  version = version + 1 + (blocked_users and #blocked_users or 0)
end
writes[2] = struct.pack(HOT, state, version, applied, target, starts, ends, now) .. nonce
redis.call('HSET', KEYS[1], unpack(writes))
if counted > 0 then
  log[1] = pack_numbers('<I4I2', now - starts, counted)
  redis.call('APPEND', KEYS[5], table.concat(log))
end
if not in_grace then
  local head = '","version":'
  local epoch = nonce .. '.' .. args[1]
  redis.call('SPUBLISH', args[3], '{"type":"progress","epoch":"' .. epoch .. head .. since + 1 .. ',"since":' .. since
    .. ',"taps":{' .. table.concat(news, ',') .. '}}')
  for i, user_id in ipairs(blocked_users or {}) do
    redis.call('SPUBLISH', args[3], '{"type":"blocked","epoch":"' .. epoch .. head .. since + 1 + i .. ',"user_id":"'
      .. user_id .. '","reason":"too_fast"}')
  end
end
if reached_target then
  begin_or_finish()
end
return replies
