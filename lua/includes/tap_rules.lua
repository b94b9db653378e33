-- The limits of every taps frame, in rooms and in bonus runs.  persistence/records/rules.py holds the same numbers for
-- whoever checks a record; a test compares them.
local MAX_COUNT, MAX_SEQ = 50, 4294967295
local WINDOW_MS, WINDOW_TAPS = 2000, 50 -- in (stamp - WINDOW_MS, stamp]
local FUTURE_MS, PAST_MS = 2000, 12000 -- so far may a stamp be from the server's clock
local BURST_TAPS, MS_A_TAP = 50, 40 -- since the start: so many at once, then one each 40 ms
