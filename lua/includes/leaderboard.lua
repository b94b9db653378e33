-- A leaderboard: a sorted set of Stars won by player.  The member COMPLETE, with the score 0 that no player has, says
-- that the board was built whole: a key without it is no board, and one that is gone is known to be gone.
local COMPLETE = 'complete'

-- Sums only grow, so of two reports about a player the higher one is the later.  `step` words of ARGV a player from
-- `first` on: the member, and the sum `column` words after it.
local function raise_scores(key, first, step, column)
  local words = {}
  for i = first, #ARGV, step do
    words[#words + 1] = ARGV[i + column]
    words[#words + 1] = ARGV[i]
  end
  if #words > 0 then
    redis.call('ZADD', key, 'GT', unpack(words))
  end
end
