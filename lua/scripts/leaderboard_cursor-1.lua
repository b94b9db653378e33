-- Up to when the boards hold everything.  Who began to read at another cursor than the present one, or at one that this
-- server has forgotten since, must not move it.
-- KEYS   1 cursor
-- ARGV   1 replication id  2 the cursor as it was read  3 its next value
-- Answer {'ok'} | {'moved'}
-- Events none
-- Cost   O(1)

if redis.call('GET', KEYS[1]) ~= ARGV[2] then
  return {'moved'}
end
redis.call('SET', KEYS[1], ARGV[3])
return {'ok'}
