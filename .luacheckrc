-- What Redis gives a script.  Scripts are checked with their fragments put in (.ci/check-lua).
std = "lua51"
read_globals = { "redis", "cjson", "struct", "KEYS", "ARGV" }
max_line_length = 120
ignore = {
  "211/.*", -- a fragment brings functions and constants that this script does not use
}
