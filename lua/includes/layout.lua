-- How a room lies in its hash.  Packed are only the two fields that the tap path reads: `hot` and `p:<user>`.
local WAITING, COUNTDOWN, PLAYING, FINISHED, CANCELLED, SETTLED = 1, 2, 3, 4, 5, 6

-- hot: state, version, applied (frames counted so far), target (0: none), starts_ms, ends_ms, last_ms; then the nonce,
-- and from byte HOT_RECENT on the newest part of the log: to append costs a command, so several batches share one
local HOT = '<BI4I4I4ddd'
local HOT_NONCE, HOT_RECENT = 38, 49
local NONCE = '%011x'
-- p:<user>: mark (the sum of AWAITED, taps of an absence wait for proof, and AFTER, the last frame came from one; above
-- both the sum that blocked), taps, seq, reached
-- (the room's `applied` at the frame by which the taps last became more), last_ms (from the start), window sum, best
-- window sum, fastest (ms from a stamp to when the frame came, the fewest so far), present_ms (from the start, until
-- when the player was surely present: when the last frame of the present came, less `fastest`), index (1 to n from the
-- countdown on, 0 before); then the window: (stamp from the start, count) of 3 + 1
-- bytes each, newest first, which begins at byte PLAYER_WINDOW.  A frame that counts is packed with its record: from
-- byte PLAYER_LOGGED on that is what the log has.
local PLAYER = '<BI4I4I4I4BBI2I3I2'
local PLAYER_COUNTED = PLAYER .. 'I3B'
local PLAYER_WINDOW, PLAYER_LOGGED = 27, 25
local PROMPT_MS = 2000 -- so old is a frame of the present when it comes, unless a store was away: `fastest` at most
local AWAITED, AFTER = 1, 2
local NOT_BLOCKED = AWAITED + AFTER
-- a:<user>, only of who was away: ms that the absences covered, the same weighed by how tired hands were, taps claimed
-- for them, how many of those count
local AWAY = '<I4I4I4I4'
local AWAY_FRAME = 128 -- is added to the count, in the log, of a frame that came from an absence

local GRACE_MS = 1000
