-- @include ranking

-- The whole room: {'ok', version, epoch, now ms, state, created, deadline, starts, ends, target,
-- {kind, stake, capacity, min players, fee bps, finished ms, reason, result, outcome, organizer, its seat, key,
-- organizer's profile}: '' where unset, revision, free, {seat id, user id, 1 if paid, profile, taps, seq, 1 if
-- blocked, place (0: none)} ...}
-- Seats in the order of joining; expired ones are left out.
local function describe(room)
  local terms = {}
  for i, name in ipairs({'kind', 'stake', 'capacity', 'min_players', 'fee_bps', 'finished_ms', 'reason', 'result',
    'outcome', 'organizer', 'organizer_seat', 'key', 'organizer_profile'}) do
    terms[i] = room.fields[name] or ''
  end
  local list = {'ok', room.version, room.epoch, room.now, STATE_NAMES[room.state], room.fields.created, room.deadline,
    room.starts, room.ends, room.target, terms, room.revision, free_seats(room)}
  local players = {}
  for _, player in ipairs(ranking(room)) do
    players[player.id] = player
  end
  local ranked = room.state == FINISHED or room.state == SETTLED
  for _, seat in ipairs(room.seats) do
    local player = players[seat.id]
    if player then
      list[#list + 1] = {seat.id, seat.user_id, 1, room.fields['n:' .. seat.user_id], player.taps, player.seq,
        player.blocked, ranked and tonumber(player.place) or 0}
    elseif seat.until_ms > room.now then
      list[#list + 1] = {seat.id, seat.user_id, 0, '', 0, 0, 0, 0}
    end
  end
  return list
end
