-- Brings a lobby in line with the rooms that there are: takes their word, forgets the others, counts anew.
-- KEYS   1 rooms  2 open  3 held
-- ARGV   1 replication id; then for each room: id, revision, free, paid, state
-- Answer {'ok', rooms forgotten}
-- Events none
-- Cost   O(rooms of the stake)
-- @include lobby

local YOUNG_MS = 10000 -- a room of which something was heard since may have been made after the list

local now = read_clock()
local listed = {}
for i = 2, #ARGV, 5 do
  listed[ARGV[i]] = true
  take_report(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), ARGV[i + 4], 0, now)
end
local totals, forgotten = {waiting = 0, playing = 0}, 0
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if string.sub(flat[i], 1, 1) ~= '#' then
    local record = read_record(flat[i + 1])
    if not listed[flat[i]] and record.seen <= now - YOUNG_MS then
      forget(flat[i], record)
      forgotten = forgotten + 1
    else
      totals[record.phase] = totals[record.phase] + record.paid
    end
  end
end
redis.call('HSET', KEYS[1], '#waiting', totals.waiting, '#playing', totals.playing)
return {'ok', forgotten}
