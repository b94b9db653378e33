"""Rooms and seats: the flows that cross both stores, and the look at whether they agree."""
