-- Changes of the ways into an account: each is told through the way that was there before, with a means to object, by
-- which whoever has that way takes the change back within 72 hours and ends every session.  A way that was linked in the
-- last 72 hours cannot remove an older one.
-- depends: 0022.reviews

SET LOCAL ROLE ct_owner;

-- The owner sees all rows meanwhile.
ALTER TABLE auth.users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.email_logins NO FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.users ADD COLUMN telegram_since timestamptz NOT NULL DEFAULT now();
UPDATE auth.users SET telegram_since = created_at;
ALTER TABLE auth.email_logins ADD COLUMN since timestamptz NOT NULL DEFAULT now();
UPDATE auth.email_logins SET since = created_at;
ALTER TABLE auth.users FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.email_logins FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN auth.users.telegram_since IS
    'Since when the Telegram account logs in here; says nothing where there is none.';
COMMENT ON COLUMN auth.email_logins.since IS 'Since when the address logs in to this account.';

CREATE TABLE auth.login_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    action text NOT NULL CHECK (action IN ('link', 'unlink')),
    way text NOT NULL CHECK (way IN ('telegram', 'email')),
    telegram_id bigint,
    email text,
    password_hash text,
    since timestamptz NOT NULL,
    token_hash bytea UNIQUE CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '72 hours',
    CHECK (num_nonnulls(telegram_id, email) = 1),
    CHECK ((email IS NULL) = (token_hash IS NULL)),
    CHECK ((password_hash IS NOT NULL) = (action = 'unlink' AND way = 'email'))
);
CREATE INDEX login_changes_of_user ON auth.login_changes (user_id);
CREATE INDEX login_changes_by_end ON auth.login_changes (expires_at);

COMMENT ON TABLE auth.login_changes IS 'Ways in that were linked or unlinked, while this can be taken back; after that nothing of it stays but the hash of an identity.';
COMMENT ON COLUMN auth.login_changes.change_id IS 'Its number, which the button in the chat names.';
COMMENT ON COLUMN auth.login_changes.user_id IS 'The account.';
COMMENT ON COLUMN auth.login_changes.action IS 'What was done.';
COMMENT ON COLUMN auth.login_changes.way IS 'Which way in came or went.';
COMMENT ON COLUMN auth.login_changes.telegram_id IS 'Who may object in the chat: the Telegram account that was there before.';
COMMENT ON COLUMN auth.login_changes.email IS 'Who may object by mail: the address that was there before.';
COMMENT ON COLUMN auth.login_changes.password_hash IS 'Of an address that went: with which password it logged in.';
COMMENT ON COLUMN auth.login_changes.since IS 'Since when the way that was there before had been.';
COMMENT ON COLUMN auth.login_changes.token_hash IS 'SHA-256 of the token in the mail.';
COMMENT ON COLUMN auth.login_changes.expires_at IS 'Until when it can be taken back.';

ALTER TABLE auth.login_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.login_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.login_changes
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.login_changes TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.login_changes IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.login_changes IS 'Functions of login run before there is a claim.';
GRANT SELECT, INSERT, DELETE ON auth.login_changes TO ct_auth;

ALTER TABLE auth.outbox DROP CONSTRAINT outbox_template_check, ADD CONSTRAINT outbox_template_check CHECK (
    template IN ('register', 'link', 'reset', 'changed', 'linked', 'removed', 'unlinked')
);

-- Said in the chat only; a player's list of notices holds none of them.
DROP INDEX bot.notices_of_user;
ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check, ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'withdrawal_waits', 'chargeback', 'debt', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires',
    'login_linked', 'login_unlinked'
));
CREATE INDEX notices_of_user ON bot.notices (user_id, notice_id)
    WHERE kind NOT IN ('game_starts', 'room_expires', 'login_linked', 'login_unlinked');
COMMENT ON COLUMN bot.notices.kind IS
    'What happened; game_starts, room_expires, login_linked and login_unlinked are said by the bot only.';
COMMENT ON COLUMN bot.notices.subject IS 'What it happened to: a room, a transfer''s key, a moment, an appeal, a change of a way in.';

-- They take or say more than before.
DROP FUNCTION IF EXISTS auth.link_telegram;
DROP FUNCTION IF EXISTS auth.link_email;
DROP FUNCTION IF EXISTS auth.join_accounts;
DROP FUNCTION IF EXISTS auth.unlink;
DROP FUNCTION IF EXISTS auth.use_registration;
DROP FUNCTION IF EXISTS bot.due_notices;
DROP FUNCTION IF EXISTS bot.claim_delivery;
DROP FUNCTION IF EXISTS pay.set_spending_limits;

RESET ROLE;
