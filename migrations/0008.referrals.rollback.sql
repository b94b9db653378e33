DROP TABLE game.referrals, game.referral_codes CASCADE;
