"""Accounts across stores: bans, the log-in that tries again, tokens of mails."""
