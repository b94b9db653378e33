"""The REST endpoints, one module an area: read the request, call, answer.  No rule of the game is decided here."""
