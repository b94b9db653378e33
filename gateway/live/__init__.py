"""The players of this gateway: their sockets, the rooms that they follow, the taps that go to the scripts."""
