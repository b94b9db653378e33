"""What may happen later: settle, refund, end rooms in time, reconcile, flush, notify.

Nothing here is needed for a tap.
"""
