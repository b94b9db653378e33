-- What players have won by now: raises their sums in the boards of one day, of its week and of all time.  A board that
-- is not there is not begun: half a board is worse than none.
-- KEYS   1 day (zset)  2 day, being built  3 week  4 week, being built  5 all  6 all, being built
-- ARGV   1 replication id; then for each player: member, sum of the day, of the week, of all time
-- Answer {'ok'}
-- Events none
-- Cost   O(players log board)
-- @include leaderboard

for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    raise_scores(key, 2, 4, math.floor((i + 1) / 2))
  end
end
return {'ok'}
