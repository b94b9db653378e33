"""The flows' world, to spoil its books."""

from tests.rooms.conftest import quick, world

__all__ = ["quick", "world"]
