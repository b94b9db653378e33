"""Who is calling: Telegram init data in, tokens out.  Passwords and secrets never leave this folder, nor reach a log."""
