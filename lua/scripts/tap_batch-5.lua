#!lua flags=allow-oom
-- Applies the frames of one room that a gateway gathered, in their order.  The rules stand in docs/protocol.md.
-- KEYS   1 room hash  2 deadline index  3 results stream  4 heartbeat  5 log of frames
-- ARGV   1 replication id  2 room id  3 channel  4 taps, timestamp ms, seq (-1: none) of each frame, packed doubles
--        5 a byte for each frame, what its gateway says of it: 0, AWAY_MARK or HELD_MARK; '' where that is all 0;
--        then the field of each frame's player, p:<user id> (four words a frame would cost a sixth more)
-- Answer one TAP_ code for each frame
-- Events started (where nobody had called room_tick yet), progress, blocked, finished or cancelled (target reached)
-- Cost   O(frames): one HMGET, one HSET, one SPUBLISH, seldom an APPEND; O(seats) more when it starts or ends the game
-- @include clock
-- @include layout
-- @include codes
-- @include tap_rules

local AWAY_MARK, HELD_MARK = 1, 2 -- late: of a player who was away, or of one who answered meanwhile
local RECENT_BYTES = 256 -- so much of the log waits in the room before it is appended

-- Tables are made with room for a usual batch: growing one step by step costs as much as a frame.
local args = ARGV
local numbers, marks, position = args[4], args[5], 1
local frames = #args - 5
local found = redis.call('HMGET', KEYS[1], 'hot', unpack(args, 6))
local hot = found[1]
local replies = {nil, nil, nil, nil, nil, nil, nil, nil}

local state, version, applied, target, starts, ends, last, now, refusal
if not hot then
  refusal = TAP_NOT_FOUND
else
  state, version, applied, target, starts, ends, last = struct.unpack(HOT, hot)
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

-- What seldom happens works on the whole room.  Its function is made only where it may be needed: making it costs as
-- much as a frame.
local begin_or_finish
if state == COUNTDOWN or target > 0 then
  begin_or_finish = function()
    -- luacheck: ignore 431
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
end
if state == COUNTDOWN then
  version = begin_or_finish()
  state = PLAYING
end

local in_grace = now >= ends
local allowed = BURST_TAPS + (now - starts) / MS_A_TAP
local byte, sub, format = string.byte, string.sub, string.format
local unpack_numbers, pack_numbers = struct.unpack, struct.pack
local writes = {'hot', '', nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}
local used = 0 -- players written so far, each at its slot in `writes` and `changed`
local changed = {nil, nil, nil, nil, nil, nil, nil, nil}
local log, counted = '', 0
local blocked_users
local absences -- of this batch's players, by their fields
local reached_target = false

for i = 1, frames do
  local field, count, stamp, seq = args[5 + i]
  count, stamp, seq, position = unpack_numbers('<ddd', numbers, position)
  local slot = 1
  while slot <= used and writes[2 * slot + 1] ~= field do -- few players: a table by name would cost more
    slot = slot + 1
  end
  local record
  if slot <= used then
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
    local mark, taps, last_seq, reached, last_ms, sum, best, fastest, present_ms, index
      = unpack_numbers(PLAYER, record)
    if mark > NOT_BLOCKED then
      code = TAP_FORBIDDEN
    elseif seq > MAX_SEQ then
      code = TAP_INVALID_REQUEST
    elseif in_grace and stamp >= ends then
      code = TAP_ROOM_CLOSED
    else
      local window = #record -- the end of it: what is too old is left off there
      local packed
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
        -- Who taps after the end knows the others' counts, as one does who was away.
        local said = marks ~= '' and byte(marks, i)
        local late = in_grace or said == AWAY_MARK
        local away, absence, covered = late, nil, 0
        if late or mark > 0 then
          absences = absences or {}
          absence = absences[field]
          if not absence then
            absence = {0, 0, 0, 0}
            local kept = redis.call('HGET', KEYS[1], 'a:' .. sub(field, 3))
            if kept then
              absence = {unpack_numbers(AWAY, kept)}
            end
            absences[field] = absence
          end
          -- Stamps may lie back a second and a half: what was tapped and counted then is no silence as well.
          covered = math.max(0, math.min(ms - math.max(last_ms, present_ms), AWAY_FRAME_MS))
          -- The first frame after an absence holds taps of its last moments: counted beside it they would count twice.
          away = late or mark >= AFTER and absence[1] + covered <= AWAY_MS
          covered = away and covered or 0
        end
        if count < 1 or count > MAX_COUNT then
          code = TAP_INVALID_REQUEST
        elseif said == HELD_MARK then
          code = TAP_HELD
        elseif stamp > now + FUTURE_MS or stamp < now - PAST_MS or ms < last_ms then
          code = TAP_CLOCK
        elseif away and absence[1] + covered > AWAY_MS then
          code = TAP_HELD
        else
          local edge = ms - WINDOW_MS
          while window > PLAYER_WINDOW do
            local low, middle, high, taken = byte(record, window - 3, window)
            if low + middle * 256 + high * 65536 > edge then
              break
            end
            sum = sum - taken
            window = window - 4
          end
          if sum + count > WINDOW_TAPS then
            code = TAP_BLOCKED
            mark = sum + count
            blocked_users = blocked_users or {}
            blocked_users[#blocked_users + 1] = sub(field, 3)
          elseif taps + count > allowed then
            code = TAP_RATE_LIMITED
          else
            code = TAP_OK
            local counting = count
            if absence then
              local away_ms, weighed_ms, claimed, credited = unpack(absence)
              away_ms = away_ms + covered
              local length_ms = ends - starts
              weighed_ms = weighed_ms
                + math.floor(covered * ((100 + AWAY_TIRED) * length_ms - 2 * AWAY_TIRED * ms) / (100 * length_ms))
              local prompt = taps - credited
              if away then
                claimed = claimed + count
              else
                prompt = prompt + count
              end
              -- By the player's own rate, that of the time that is no absence.
              local here_ms = (in_grace and ends or now) - starts - away_ms
              local missing_ms = math.max(0, math.min(KNOWN_MS, length_ms - KNOWN_MS) - here_ms)
              local known_ms = here_ms + missing_ms
              local own = math.floor(away_ms / MS_A_TAP)
              if known_ms > 0 then
                local known = prompt + math.floor(missing_ms / MS_A_SLOW_TAP)
                own = math.min(own, math.floor(known * weighed_ms / known_ms))
              end
              local unsure = away_ms > 0 and math.floor(own * math.min(away_ms, AWAY_UNSURE_MS) / (3 * away_ms)) or 0
              local likely = own + math.max(unsure + AWAY_TAPS, AWAY_FEW)
              credited = math.max(credited, math.min(claimed, likely))
              counting = prompt + credited - taps
              mark = (credited < claimed and AWAITED or 0) + (late and AFTER or 0)
              absence[1], absence[2], absence[3], absence[4] = away_ms, weighed_ms, claimed, credited
            end
            taps = taps + counting
            sum = sum + count
            applied = applied + 1
            if counting > 0 then
              reached = applied
            end
            if sum > best then
              best = sum
            end
            if not away then
              local passed = now - starts
              if passed - ms < fastest then
                fastest = passed - ms
              end
              -- It may have waited at its gateway for this store.
              present_ms = math.min(passed, ms + PROMPT_MS) - fastest
            end
            packed = pack_numbers(
              PLAYER_COUNTED, mark, taps, last_seq, reached, ms, sum, best, fastest, present_ms, index, ms, count
            )
            counted = counted + 1
            if away then
              log = log .. sub(packed, PLAYER_LOGGED, -2) .. string.char(AWAY_FRAME + count)
            else
              log = log .. sub(packed, PLAYER_LOGGED)
            end
            reached_target = target > 0 and taps >= target
          end
        end
      end
      if slot > used then
        used = slot
        writes[2 * slot + 1] = field
      end
      packed = packed
        or pack_numbers(PLAYER, mark, taps, last_seq, reached, last_ms, sum, best, fastest, present_ms, index)
      writes[2 * slot + 2] = packed .. sub(record, PLAYER_WINDOW, window)
      changed[slot] = format('"%s":[%d,%d]', sub(field, 3), taps, last_seq)
    end
  end
  replies[i] = code
end

if used == 0 then
  return replies
end
local nonce, recent = sub(hot, HOT_NONCE, HOT_RECENT - 1), sub(hot, HOT_RECENT)
local since = version
if not in_grace then
  version = version + 1 + (blocked_users and #blocked_users or 0)
end
if counted > 0 then
  recent = recent .. pack_numbers('<I4I2', now - starts, counted) .. log
  -- The first at once: while a slot moves, a key that exists on neither side holds a command up.
  if #recent > RECENT_BYTES or applied == counted then
    redis.call('APPEND', KEYS[5], recent)
    recent = ''
  end
end
writes[2] = pack_numbers(HOT, state, version, applied, target, starts, ends, now) .. nonce .. recent
redis.call('HSET', KEYS[1], unpack(writes))
if absences then
  for field, absence in pairs(absences) do
    redis.call('HSET', KEYS[1], 'a:' .. sub(field, 3), pack_numbers(AWAY, unpack(absence)))
  end
end
if not in_grace then
  local head = '","version":'
  local epoch = nonce .. '.' .. args[1]
  redis.call('SPUBLISH', args[3], '{"type":"progress","epoch":"' .. epoch .. head .. since + 1 .. ',"since":' .. since
    .. ',"taps":{' .. table.concat(changed, ',') .. '}}')
  for i = 1, version - since - 1 do
    redis.call('SPUBLISH', args[3], '{"type":"blocked","epoch":"' .. epoch .. head .. since + 1 + i .. ',"user_id":"'
      .. blocked_users[i] .. '","reason":"too_fast"}')
  end
end
if reached_target then
  begin_or_finish()
end
return replies
