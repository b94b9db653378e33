"""One router a file.  The order in which they are asked stands in `bot/dispatch.py`."""
