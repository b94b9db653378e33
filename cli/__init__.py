"""The command `chance-tap`, the simulator, `play` and the servers that it embeds: the top of the house."""
