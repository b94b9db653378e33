#!lua flags=allow-oom
-- The write before WAIT: what stands before it is safe where it is.
-- KEYS   1 mark
-- ARGV   1 replication id  2 how long the mark is kept, ms
-- Answer {'ok'}
-- Events none
-- Cost   O(1)
redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
return { 'ok' }
