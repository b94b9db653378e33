"""What is told of the running system: its log, and errors to Sentry."""
