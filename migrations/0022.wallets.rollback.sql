DROP FUNCTION pay.my_wallet();
DROP FUNCTION pay.unlink_wallet();
DROP FUNCTION pay.link_wallet(bigint, text, text, text);
DROP TABLE pay.wallets;
ALTER TABLE auth.users DROP COLUMN has_ton_wallet;
