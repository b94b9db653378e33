"""Accounts across stores: bans, retries of the log-in, tokens of mails."""
