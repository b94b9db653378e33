"""Stores, outside services, and the flows that cross them, by domain.  Imports nothing of ours but `chance_tap`."""
