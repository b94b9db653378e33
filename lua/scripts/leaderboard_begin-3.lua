-- Begins to build a leaderboard beside the one that is read.  From here on `leaderboard_note` writes into both.
-- KEYS   1 building (zset)  2 builder (hash)  3 cursor
-- ARGV   1 replication id  2 token of this builder  3 cursor where there is none  4 ms until an abandoned build is
--        forgotten
-- Answer {'ok'} | {'busy'}: another builder is at it
-- Events none
-- Cost   O(1)
-- @include leaderboard

local token = redis.call('HGET', KEYS[2], 'token')
if token and token ~= ARGV[2] then
  return {'busy'}
end
redis.call('UNLINK', KEYS[1])
redis.call('ZADD', KEYS[1], 0, COMPLETE)
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'step', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], ARGV[3], 'NX')
return {'ok'}
