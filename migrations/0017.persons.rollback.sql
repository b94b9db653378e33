DROP POLICY own_rows ON pay.spending_limits;
TRUNCATE pay.spending_limits;
ALTER TABLE pay.spending_limits DROP CONSTRAINT spending_limits_person_id_fkey;
ALTER TABLE pay.spending_limits RENAME COLUMN person_id TO user_id;
ALTER TABLE pay.spending_limits ADD FOREIGN KEY (user_id) REFERENCES public.users;
CREATE POLICY own_rows ON pay.spending_limits
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
COMMENT ON POLICY own_rows ON pay.spending_limits IS 'Limits belong to the user they name.';
COMMENT ON TABLE pay.spending_limits IS 'What players forbid themselves; no row: nothing.';
COMMENT ON COLUMN pay.spending_limits.user_id IS 'The player.';
ALTER TABLE auth.users DROP COLUMN person_id CASCADE;
COMMENT ON COLUMN auth.users.banned_at IS 'Since when the account is refused everywhere; null: it is not.';
DROP TABLE auth.identity_key, auth.identities, auth.persons CASCADE;
REVOKE DELETE ON pay.spending_limits FROM ct_ledger;
REVOKE USAGE ON SCHEMA pay FROM ct_auth;
REVOKE DELETE ON game.referrals FROM ct_auth;
COMMENT ON TABLE game.referrals IS 'Who invited whom. Written in the transaction that makes the invited account and never after: so there are no loops.';
COMMENT ON COLUMN game.bonus_runs.reason IS 'Why it was cancelled: player, too_fast, refused.';
