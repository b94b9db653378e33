"""Money in and out: Stars and TON, wallets, withdrawals, and the reconciliation with Telegram and the chain."""
