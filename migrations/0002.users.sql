-- Users: the public face of each player, and the account behind it.
-- depends: 0001.roles-and-schemas

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
    created_at timestamptz NOT NULL DEFAULT now()
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

-- The claim of this transaction.  After a transaction that set it the setting is '' and not null.
CREATE FUNCTION auth.claim() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('jwt.claims.user_id', true), '')::bigint;

COMMENT ON FUNCTION auth.claim() IS 'The user whose request this transaction is; null when nobody was named.';

GRANT EXECUTE ON FUNCTION auth.claim() TO PUBLIC;

ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.users FORCE ROW LEVEL SECURITY;

CREATE POLICY own_rows ON auth.users
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY login ON auth.users TO ct_auth USING (true) WITH CHECK (true);

COMMENT ON POLICY own_rows ON auth.users IS 'The one policy of schema auth: a row belongs to the user it names.';
COMMENT ON POLICY login ON auth.users IS 'Functions of login run before there is a claim.';

GRANT SELECT, INSERT, UPDATE ON public.users, auth.users TO ct_auth;
GRANT SELECT (user_id, name, photo_url, is_demo) ON public.users TO ct_player, ct_ledger;
GRANT SELECT, UPDATE (language) ON auth.users TO ct_player;
GRANT SELECT (user_id, banned_at) ON auth.users TO ct_ledger;

RESET ROLE;
