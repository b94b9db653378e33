"""Money in and out: Stars and TON, wallets, withdrawals, and the outside's books held against ours."""
