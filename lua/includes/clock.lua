-- The only clock of the scripts.  Milliseconds since the epoch by this server.
local function read_clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
