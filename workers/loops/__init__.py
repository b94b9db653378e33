"""The loops of a worker: what is read, settled, ended in time, flushed and sent, round after round."""
