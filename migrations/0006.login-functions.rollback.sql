DROP FUNCTION game.my_numbers();
DROP FUNCTION auth.hello(bigint[]);
DROP FUNCTION auth.log_in_telegram(bigint, text, text, text, text, text, boolean, bigint);
