#!lua flags=allow-oom
-- Moves a room over its deadline, if that has come: the only mover of deadlines.  Whoever notices first calls it.
-- KEYS   1 room hash  2 deadline index  3 results stream  4 heartbeat
-- ARGV   1 replication id  2 room id  3 channel
-- Answer head, ms until the next deadline (-1: none), 1 if something changed; ok | not_found
-- Events countdown, started, finished, cancelled
-- Cost   O(seats)
-- @include finish

local room = load_room(ARGV[2], ARGV[1], ARGV[3])
if not room then
  redis.call('ZREM', KEYS[2], ARGV[2])
  local list = answer('not_found')
  list[9], list[10] = -1, 0
  return list
end

local state = room.state
local due = next_due(room)
if state == WAITING and room.now >= due then
  if room.organizer then
    cancel_room(room, 'not_started')
  elseif room.paid >= tonumber(room.fields.min_players) then
    begin_countdown(room)
  else
    cancel_room(room, room.paid > 0 and 'not_enough_players' or 'empty')
  end
end
if room.state == COUNTDOWN and room.now >= room.starts then
  begin_game(room)
end
if room.state == PLAYING then
  if room.now >= room.ends + GRACE_MS then
    finish_room(room)
  elseif had_outage(room) then
    cancel_room(room, 'outage')
  end
end

local changed = room.state ~= state
if changed then
  save_room(room)
elseif not room.fields.outcome then -- one that was decided a moment ago would come up again and again
  redis.call('ZADD', KEYS[2], string.format('%.0f', due), room.id)
end
local list = answer('ok', room)
list[9] = room.state < FINISHED and math.max(0, next_due(room) - room.now) or -1
list[10] = changed and 1 or 0
return list
