"""The loops of a worker: what is read, settled, swept, flushed and sent, round after round."""
