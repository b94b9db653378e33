"""Chaos: the whole product loses its parts at random moments while virtual players play, and the books are checked."""
