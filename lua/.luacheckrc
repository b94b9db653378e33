-- Run in this folder: `luacheck .`.  Each file is checked by itself; what scripts take from fragments is named here.
std = "lua51"
max_line_length = 120
read_globals = {
  "redis", "struct", "KEYS", "ARGV",
  -- clock
  "read_clock",
  -- codes
  "TAP_OK", "TAP_DUPLICATE", "TAP_CONFLICT", "TAP_CLOCK", "TAP_RATE_LIMITED", "TAP_BLOCKED", "TAP_FORBIDDEN",
  "TAP_ROOM_CLOSED", "TAP_INVALID_REQUEST", "TAP_NOT_FOUND",
  -- layout
  "WAITING", "COUNTDOWN", "PLAYING", "FINISHED", "CANCELLED", "SETTLED", "STATE_NAMES", "HOT", "HOT_NONCE",
  "HOT_RECENT", "NONCE", "PLAYER",
  "PLAYER_COUNTED", "PLAYER_WINDOW", "PLAYER_LOGGED", "GRACE_MS",
  -- room
  "load_room", "set_field", "drop_field", "set_seat", "drop_seats", "drop_expired", "free_seats", "next_due", "publish",
  "save_room", "answer", "begin_countdown", "new_record",
  -- make
  "make_room",
  -- ranking, describe
  "ranking", "describe",
  -- finish
  "begin_game", "had_outage", "cancel_room", "finish_room",
  -- lobby
  "TICKET_MS", "read_record", "new_record", "place_record", "forget", "take_report",
  -- board
  "COMPLETE", "raise_scores",
}
files["includes"] = {ignore = {"211", "411", "431"}}
