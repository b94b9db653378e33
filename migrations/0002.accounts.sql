-- Accounts: the public face of each player, the account behind it, sign-in by e-mail, and what operators did.
-- Sessions can be ended before their tokens expire (session_epoch), and a ban keeps its history.
-- E-mail: single-use tokens that come by mail, the mails that are to be sent, and what links an e-mail log-in and a
-- Telegram account to one user.  Asking for a mail is the same statement whether an address is known or not; what is
-- sent to whom is decided when the mail goes out.
-- depends: 0001.roles-and-schemas
-- functions: auth.claim

SET LOCAL ROLE ct_owner;

CREATE TABLE public.users (
    user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    telegram_id bigint UNIQUE CHECK (telegram_id > 0),
    username text CHECK (char_length(username) BETWEEN 1 AND 64),
    first_name text CHECK (char_length(first_name) <= 128),
    last_name text CHECK (char_length(last_name) <= 128),
    name text NOT NULL GENERATED ALWAYS AS (
        left(coalesce(
            nullif(btrim(coalesce(btrim(first_name), '') || ' ' || coalesce(btrim(last_name), '')), ''),
            nullif(btrim(username), ''),
            'Player'
        ), 64)
    ) STORED,
    photo_url text CHECK (char_length(photo_url) BETWEEN 1 AND 1024),
    language_code text CHECK (char_length(language_code) BETWEEN 1 AND 35),
    phone_number text CHECK (char_length(phone_number) BETWEEN 1 AND 32),
    is_demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE public.users IS 'The profile that other players see, refreshed at each login.';
COMMENT ON COLUMN public.users.user_id IS 'The user''s number everywhere in Chance Tap.';
COMMENT ON COLUMN public.users.telegram_id IS 'The user''s number at Telegram; null for an account by e-mail only.';
COMMENT ON COLUMN public.users.username IS 'Telegram user name without @, if the user has one.';
COMMENT ON COLUMN public.users.first_name IS 'First name as Telegram gave it.';
COMMENT ON COLUMN public.users.last_name IS 'Last name as Telegram gave it.';
COMMENT ON COLUMN public.users.name IS 'The name shown: first and last name, else user name, else Player.';
COMMENT ON COLUMN public.users.photo_url IS 'Address of the profile photo; null when there is none or it is hidden.';
COMMENT ON COLUMN public.users.language_code IS 'Language that Telegram reported last (IETF tag).';
COMMENT ON COLUMN public.users.phone_number IS 'Only when the user shared it. Personal: no application role reads it.';
COMMENT ON COLUMN public.users.is_demo IS 'A simulated or demonstration player, left out of analytics.';
COMMENT ON COLUMN public.users.created_at IS 'When the profile was first seen.';
COMMENT ON COLUMN public.users.updated_at IS 'When the profile was last refreshed.';

CREATE TABLE auth.users (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    telegram_id bigint UNIQUE CHECK (telegram_id > 0),
    username text,
    first_name text,
    last_name text,
    photo_url text,
    language_code text,
    phone_number text,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    language text CHECK (language IN ('ru', 'en')),
    banned_at timestamptz,
    ban_reason text CHECK (char_length(ban_reason) <= 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    has_ton_wallet boolean NOT NULL DEFAULT false,
    session_epoch int NOT NULL DEFAULT 0
);

COMMENT ON TABLE auth.users IS 'The account: copied from public.users when it is made; each user sees its own row only.';
COMMENT ON COLUMN auth.users.user_id IS 'The same number as in public.users.';
COMMENT ON COLUMN auth.users.telegram_id IS 'The Telegram account that logs in here; null for an account by e-mail only.';
COMMENT ON COLUMN auth.users.username IS 'Telegram user name, as of the last login.';
COMMENT ON COLUMN auth.users.first_name IS 'First name, as of the last login.';
COMMENT ON COLUMN auth.users.last_name IS 'Last name, as of the last login.';
COMMENT ON COLUMN auth.users.photo_url IS 'Address of the profile photo, as of the last login.';
COMMENT ON COLUMN auth.users.language_code IS 'Language that Telegram reported last (IETF tag).';
COMMENT ON COLUMN auth.users.phone_number IS 'Only when the user shared it.';
COMMENT ON COLUMN auth.users.role IS 'user or admin. An admin too sees only its own rows here.';
COMMENT ON COLUMN auth.users.language IS 'Language the user chose in the app; null: not chosen yet.';
COMMENT ON COLUMN auth.users.banned_at IS 'Since when the account is refused everywhere; null: it is not.';
COMMENT ON COLUMN auth.users.ban_reason IS 'Why it was banned, as told to the user.';
COMMENT ON COLUMN auth.users.created_at IS 'When the account was made.';
COMMENT ON COLUMN auth.users.has_ton_wallet IS 'Whether a wallet is linked now: pay.wallets says which.';
COMMENT ON COLUMN auth.users.session_epoch IS
    'Rises when every session of the account is ended: a token of an earlier epoch is refused.';

CREATE TABLE auth.operator_log (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    action text NOT NULL CHECK (action IN ('ban', 'unban')),
    reason text CHECK (char_length(reason) <= 500),
    operator text NOT NULL CHECK (char_length(operator) BETWEEN 1 AND 100),
    login name NOT NULL DEFAULT session_user,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operator_log_of_user ON auth.operator_log (user_id, entry_id);

COMMENT ON TABLE auth.operator_log IS 'What operators did to accounts: who, when, why. Only ever added to.';
COMMENT ON COLUMN auth.operator_log.entry_id IS 'Its number.';
COMMENT ON COLUMN auth.operator_log.user_id IS 'The account it was done to.';
COMMENT ON COLUMN auth.operator_log.action IS 'What was done.';
COMMENT ON COLUMN auth.operator_log.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN auth.operator_log.operator IS 'Who says to have done it.';
COMMENT ON COLUMN auth.operator_log.login IS 'The database login it came from.';
COMMENT ON COLUMN auth.operator_log.created_at IS 'When.';

CREATE TABLE auth.email_logins (
    user_id bigint PRIMARY KEY REFERENCES auth.users,
    email text NOT NULL UNIQUE CHECK (email ~ '^[!-~]{3,254}$' AND email = lower(email)),
    password_hash text NOT NULL CHECK (char_length(password_hash) BETWEEN 32 AND 255),
    changed_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE auth.email_logins IS 'Who may log in by e-mail and password; an address is here only after its owner confirmed it.';
COMMENT ON COLUMN auth.email_logins.user_id IS 'The account.';
COMMENT ON COLUMN auth.email_logins.email IS 'The confirmed address: ASCII, lower case.';
COMMENT ON COLUMN auth.email_logins.password_hash IS 'argon2id with its parameters and salt.';
COMMENT ON COLUMN auth.email_logins.changed_at IS 'When the password was last set.';
COMMENT ON COLUMN auth.email_logins.created_at IS 'When the address was confirmed.';

CREATE TABLE auth.mail_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id bigint REFERENCES auth.users ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('register', 'link', 'reset')),
    email text NOT NULL CHECK (email ~ '^[!-~]{3,254}$' AND email = lower(email)),
    password_hash text CHECK (char_length(password_hash) BETWEEN 32 AND 255),
    name text CHECK (char_length(name) BETWEEN 1 AND 64),
    language text NOT NULL CHECK (language IN ('ru', 'en')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((purpose = 'link') = (user_id IS NOT NULL)),
    CHECK ((purpose = 'reset') = (password_hash IS NULL))
);
CREATE INDEX mail_tokens_of_email ON auth.mail_tokens (email);
CREATE INDEX mail_tokens_of_user ON auth.mail_tokens (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mail_tokens_by_end ON auth.mail_tokens (expires_at);

COMMENT ON TABLE auth.mail_tokens IS 'What a link in a mail is good for, once and until it expires. The token itself is nowhere.';
COMMENT ON COLUMN auth.mail_tokens.token_hash IS 'SHA-256 of the token.';
COMMENT ON COLUMN auth.mail_tokens.user_id IS 'The account to which an address is to be linked; null: nobody''s yet, so no player sees it.';
COMMENT ON COLUMN auth.mail_tokens.purpose IS 'register: makes an account; link: adds the log-in to one; reset: sets a new password.';
COMMENT ON COLUMN auth.mail_tokens.email IS 'The address it was sent to.';
COMMENT ON COLUMN auth.mail_tokens.password_hash IS 'The password that was chosen with it, which must be said again to use it.';
COMMENT ON COLUMN auth.mail_tokens.name IS 'The name that was chosen with it.';
COMMENT ON COLUMN auth.mail_tokens.language IS 'The language it was asked for in.';
COMMENT ON COLUMN auth.mail_tokens.expires_at IS 'Until when it is good.';
COMMENT ON COLUMN auth.mail_tokens.created_at IS 'When it was asked for.';

CREATE TABLE auth.outbox (
    mail_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint REFERENCES auth.users ON DELETE CASCADE,
    template text NOT NULL CHECK (template IN ('register', 'link', 'reset', 'changed', 'unlinked')),
    address text NOT NULL CHECK (address ~ '^[!-~]{3,254}$'),
    language text NOT NULL CHECK (language IN ('ru', 'en')),
    nonce bytea,
    token_hash bytea,
    tries int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((nonce IS NULL) = (token_hash IS NULL))
);
CREATE INDEX outbox_due ON auth.outbox (due_at);
CREATE INDEX outbox_of_user ON auth.outbox (user_id) WHERE user_id IS NOT NULL;

COMMENT ON TABLE auth.outbox IS 'Mails that are to be sent, written in the transaction that they tell of; gone once they were sent.';
COMMENT ON COLUMN auth.outbox.mail_id IS 'Its number; the same in every repeat of the mail.';
COMMENT ON COLUMN auth.outbox.user_id IS 'The account it is about, where there is one.';
COMMENT ON COLUMN auth.outbox.template IS 'What it says.';
COMMENT ON COLUMN auth.outbox.address IS 'To whom.';
COMMENT ON COLUMN auth.outbox.language IS 'The language that was spoken when it was asked for.';
COMMENT ON COLUMN auth.outbox.nonce IS 'What its token is derived from, together with a secret that no database holds.';
COMMENT ON COLUMN auth.outbox.token_hash IS 'SHA-256 of the token, to know the right secret by.';
COMMENT ON COLUMN auth.outbox.tries IS 'How often sending was begun.';
COMMENT ON COLUMN auth.outbox.due_at IS 'When it is to be tried next.';
COMMENT ON COLUMN auth.outbox.expires_at IS 'After that it is of no more use.';
COMMENT ON COLUMN auth.outbox.created_at IS 'When it was asked for.';

ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.users FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.users
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.users TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.users IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.users IS 'Functions of login run before there is a claim.';

ALTER TABLE auth.operator_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.operator_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.operator_log
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY operators ON auth.operator_log TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.operator_log IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY operators ON auth.operator_log IS 'Functions of operators write and read it.';

ALTER TABLE auth.email_logins ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.email_logins FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.email_logins
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.email_logins TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.email_logins IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.email_logins IS 'Functions of login run before there is a claim.';

ALTER TABLE auth.mail_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.mail_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.mail_tokens
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.mail_tokens TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.mail_tokens IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.mail_tokens IS 'Functions of login run before there is a claim.';

ALTER TABLE auth.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON auth.outbox
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.outbox TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON auth.outbox IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.outbox IS 'Functions of login run before there is a claim.';

GRANT SELECT, INSERT, UPDATE, DELETE ON public.users, auth.users, auth.email_logins, auth.outbox TO ct_auth;
GRANT SELECT, INSERT, DELETE ON auth.mail_tokens TO ct_auth;
GRANT SELECT, INSERT ON auth.operator_log TO ct_auth;
GRANT SELECT (user_id, name, photo_url, is_demo) ON public.users TO ct_player, ct_ledger;
GRANT SELECT, UPDATE (language) ON auth.users TO ct_player;
GRANT SELECT (user_id, banned_at), UPDATE (has_ton_wallet) ON auth.users TO ct_ledger;
GRANT SELECT (user_id, email) ON auth.email_logins TO ct_player;

RESET ROLE;
