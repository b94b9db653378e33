"""The players of this gateway: their sockets, the rooms that they follow, the taps on their way to the scripts."""
