"""The Telegram bot: routers, texts, keyboards.  Holds no money logic; the stores are reached through `persistence`."""
