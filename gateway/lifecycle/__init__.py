"""A gateway among others: it registers, and is drained."""
