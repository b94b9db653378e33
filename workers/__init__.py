"""What may happen later: settle, refund, sweep, reconcile, flush, notify.  Nothing here is needed for a tap."""
