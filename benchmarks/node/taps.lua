-- The peer's script: one room's batch, players unique in it; a 2 s window in ten steps of 200 ms a player.
-- KEYS[1] hash of the room; ARGV: now, channel, then user, count, timestamp, seq for each.
-- Answer: the number of players counted.  Publishes the room's progress.
local A, unpack_record, pack_record, byte, char, sub = ARGV, struct.unpack, struct.pack, string.byte, string.char, string.sub
local n = (#A - 2) / 4
local names = {'version'}
for i = 1, n do names[i + 1] = 'p:' .. A[4 * i - 1] end
local values = redis.call('HMGET', KEYS[1], unpack(names))
local version = tonumber(values[1] or 0)
local step = math.floor(tonumber(A[1]) / 200)
local changed, shown = {'version', version + 1}, {}
for i = 1, n do
  local user, count, stamp, seq = A[4 * i - 1], tonumber(A[4 * i]), tonumber(A[4 * i + 1]), tonumber(A[4 * i + 2])
  local total, last, head, blocked, sum, window = 0, 0, step, 0, 0, ('\0'):rep(10)
  if values[i + 1] then
    total, last, head, blocked, sum = unpack_record('<I4ddBB', values[i + 1])
    window = sub(values[i + 1], 23)
  end
  if blocked == 0 and count >= 1 and stamp >= last then
    local ahead = step - head
    if ahead >= 10 then
      window, sum = ('\0'):rep(9) .. char(math.min(255, count)), count
    elseif ahead > 0 then
      for j = 1, ahead do sum = sum - byte(window, j) end
      window, sum = sub(window, ahead + 1) .. ('\0'):rep(ahead - 1) .. char(math.min(255, count)), sum + count
    else
      window, sum = sub(window, 1, 9) .. char(math.min(255, byte(window, 10) + count)), sum + count
    end
    if sum > 50 then blocked, sum = 1, 255 else total = total + count end
    changed[#changed + 1] = names[i + 1]
    changed[#changed + 1] = pack_record('<I4ddBB', total, stamp, math.max(step, head), blocked, sum) .. window
    shown[#shown + 1] = '"' .. user .. '":[' .. total .. ',' .. seq .. ']'
  end
end
redis.call('HSET', KEYS[1], unpack(changed))
redis.call('PUBLISH', A[2], '{"type":"progress","epoch":"peerpeerpe.peerpeerpeer","version":' .. (version + 1) ..
  ',"since":' .. version .. ',"taps":{' .. table.concat(shown, ',') .. '}}')
return #shown
