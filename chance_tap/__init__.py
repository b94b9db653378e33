"""The ground: settings and telemetry.  Imports nothing of ours."""

__version__ = "0.1.0"
