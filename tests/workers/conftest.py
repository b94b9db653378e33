"""Rooms and money for the worker's loops to work on: those of the rooms' tests."""

from tests.rooms.conftest import quick, world

__all__ = ["quick", "world"]
