"""Who is calling: Telegram init data in, tokens out.  Secrets never leave this folder and never reach a log."""
