DROP TABLE pay.wallets CASCADE;
