"""Servers that come from Python packages, for one machine and for tests; never part of a production deployment."""
