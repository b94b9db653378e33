#!lua flags=allow-oom
-- A room's word about its seats, after a command that changed them.
-- KEYS   1 rooms  2 open  3 held
-- ARGV   1 replication id  2 room id  3 revision  4 free  5 paid  6 state  7 tickets used up (1: a seat was asked for)
-- Answer {'ok'}
-- Events none
-- Cost   O(log rooms)
-- @include lobby

take_report(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7]), read_clock())
return {'ok'}
