"""One module a command: what it takes, what it prints, its exit code."""
