"""The bonus run: its scripts, its money, its frames, its worker, and the whole stack."""
