-- Who invited whom, and the codes with which players invite.
-- depends: 0007.records-and-signals

SET LOCAL ROLE ct_owner;

CREATE TABLE game.referral_codes (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    code text NOT NULL UNIQUE CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{8}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE game.referral_codes IS 'The code with which a player invites others, made when it is first asked for.';
COMMENT ON COLUMN game.referral_codes.user_id IS 'The player.';
COMMENT ON COLUMN game.referral_codes.code IS 'Eight characters of Crockford''s base32.';
COMMENT ON COLUMN game.referral_codes.created_at IS 'When it was made.';

CREATE TABLE game.referrals (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    referrer_id bigint NOT NULL REFERENCES public.users CHECK (referrer_id <> user_id),
    source text NOT NULL CHECK (source IN ('bot', 'app')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX referrals_of_referrer ON game.referrals (referrer_id, user_id);

COMMENT ON TABLE game.referrals IS 'Who invited whom. Written in the transaction that makes the invited account and never after: so there are no loops.';
COMMENT ON COLUMN game.referrals.user_id IS 'Who was invited.';
COMMENT ON COLUMN game.referrals.referrer_id IS 'Who had invited.';
COMMENT ON COLUMN game.referrals.source IS 'Where the code came with: the bot''s /start, or the Mini App''s start_param.';
COMMENT ON COLUMN game.referrals.created_at IS 'When the invited account was made.';

GRANT SELECT, INSERT ON game.referral_codes TO ct_ledger;
GRANT SELECT ON game.referrals TO ct_ledger;
GRANT SELECT, DELETE ON game.referral_codes TO ct_auth;
GRANT SELECT, INSERT ON game.referrals TO ct_auth;

RESET ROLE;
