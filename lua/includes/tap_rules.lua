-- The limits of every taps frame, in rooms and in bonus runs.  persistence/records/rules.py holds the same numbers for
-- whoever checks a record; a test compares them.
local MAX_COUNT, MAX_SEQ = 20, 4294967295
local WINDOW_MS, WINDOW_TAPS = 2000, 50 -- in (stamp - WINDOW_MS, stamp]
local FUTURE_MS, PAST_MS = 2000, 12000 -- so far may a stamp be from the server's clock
local BURST_TAPS, MS_A_TAP = 50, 40 -- since the start: so many at once, then one each 40 ms
-- Of an absence counts what the player's own rate makes likely: that, a third of what it makes in AWAY_UNSURE_MS, for
-- fast hands vary by more taps, and AWAY_TAPS, of both together AWAY_FEW at least.  AWAY_MS of a game at most, of which
-- a frame covers the time since the last one, but no long pause.
-- Hands tire: at the start of the game they make AWAY_TIRED hundredths more than on average, at its end so many less.
-- Where the game has KNOWN_MS more, the own rate is that of KNOWN_MS at least: what is missing is taken to be slow,
-- a tap each MS_A_SLOW_TAP.
local AWAY_MS, AWAY_FRAME_MS, AWAY_TAPS, AWAY_UNSURE_MS, AWAY_TIRED = 18000, 1000, 7, 5000, 10
local AWAY_FEW, KNOWN_MS, MS_A_SLOW_TAP = 12, 30000, 250
