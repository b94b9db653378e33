"""RFC 6455: handshake, frames, one connection object behind two thin edges.  Knows nothing of the game."""
