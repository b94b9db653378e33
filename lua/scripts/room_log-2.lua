-- Every frame that was counted, in the order of application.
-- KEYS   1 room hash  2 log of frames
-- ARGV   1 replication id
-- Answer {log} (its layout: README.md)
-- Events none
-- Cost   O(frames)
-- @include layout

local hot = redis.call('HGET', KEYS[1], 'hot')
return {(redis.call('GET', KEYS[2]) or '') .. (hot and string.sub(hot, HOT_RECENT) or '')}
