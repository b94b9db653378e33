"""Command line, settings, logging and metrics, embedded servers, simulator: what the rooms of the house share."""

__version__ = "0.1.0"
