"""The two stores and the flows that cross them.  Imports nothing of ours but `chance_tap.settings`."""
