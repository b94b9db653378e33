"""Flows that cross both stores, on real stores: crash points, rewinds, races, and the worker's loops."""
