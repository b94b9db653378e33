"""Signals of cheating, worked out after a game from the frames that counted and what gateways noted.

Pure: frames and observations in, scored and explained signals out.  A signal never blocks anybody and never moves
money; an operator reads what is stored.
"""
