-- What became of one taps frame.  persistence/redis/codes.py holds the same numbers; a test compares them.
local TAP_OK = 1
local TAP_DUPLICATE = 2
local TAP_CONFLICT = 3
local TAP_CLOCK = 4
local TAP_RATE_LIMITED = 5
local TAP_BLOCKED = 6
local TAP_FORBIDDEN = 7
local TAP_ROOM_CLOSED = 8
local TAP_INVALID_REQUEST = 9
local TAP_NOT_FOUND = 10
local TAP_HELD = 11
