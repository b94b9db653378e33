DROP FUNCTION auth.enter_telegram(bigint, text, text, text, text, boolean, text, boolean, bigint, text, text);
DROP FUNCTION auth.share_phone(bigint, text);
DROP FUNCTION game.my_referral_code(text);
DROP FUNCTION game.my_referrals(bigint, int);
DROP TABLE game.referrals;
DROP TABLE game.referral_codes;
DROP SCHEMA bot CASCADE;
