-- A room that does not exist yet: one more save_room and it does.  `terms`: where in ARGV the terms begin, in the order
-- of TERMS and then the target (0: none).
-- @include room

local TERMS = {'kind', 'stake', 'capacity', 'min_players', 'wait_ms', 'countdown_ms', 'game_ms', 'fee_bps'}

local function make_room(id, terms)
  local now = read_clock()
  local room = {
    id = id, fields = {}, seats = {}, changes = {}, drops = {}, state = WAITING, version = 1, applied = 0,
    target = tonumber(ARGV[terms + #TERMS]), starts = 0, ends = 0, nonce = string.format(NONCE, now), now = now,
    recent = '', revision = 0, deadline = 0, empty = now, stake = tonumber(ARGV[terms + 1]),
    capacity = tonumber(ARGV[terms + 2]), paid = 0, reserved = 0,
  }
  for i, name in ipairs(TERMS) do
    set_field(room, name, ARGV[terms + i - 1])
  end
  set_field(room, 'created', string.format('%.0f', now))
  set_field(room, 'joins', 0)
  return room
end
