"""The load of the real stack, measured beside a C floor and a Node peer; run with `python -m benchmarks`."""
