"""The flows' world, to spoil its books."""

from tests.flows.conftest import quick, world

__all__ = ["quick", "world"]
