-- The order of a room's players.
-- @include room

local function better(a, b)
  if a.blocked ~= b.blocked then
    return a.blocked < b.blocked
  elseif a.taps ~= b.taps then
    return a.taps > b.taps
  elseif a.reached ~= b.reached then
    return a.reached < b.reached
  end
  return a.number < b.number
end

-- Paid seats, best first: most taps, then who reached them first by the order of application; blocked players last.
local function ranking(room)
  local list = {}
  for _, seat in ipairs(room.seats) do
    if seat.status == 'paid' then
      local mark, taps, seq, reached, _, _, best, _, _, index = struct.unpack(PLAYER,
        room.fields['p:' .. seat.user_id])
      list[#list + 1] = {
        id = seat.id, user_id = seat.user_id, number = seat.number,
        blocked = mark > NOT_BLOCKED and 1 or 0, taps = taps, seq = seq, reached = reached, best = best,
        evidence = mark > NOT_BLOCKED and mark or 0,
        index = index,
      }
    end
  end
  table.sort(list, better)
  for place, player in ipairs(list) do
    player.place = player.blocked == 0 and place or 'null'
  end
  return list
end
