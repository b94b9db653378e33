"""HTTP and WebSocket in and out: parse, check the token, call, answer.  Keeps no state of a room."""
