"""The TON chain: addresses, messages, wallets' proofs, toncenter, and what a Star costs."""
