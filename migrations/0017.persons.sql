-- Persons: whom accounts belong to.  Whoever logs in with a Telegram id or an e-mail address that ever belonged to an
-- account of a person gets an account of that person, so nothing that hangs on the person is shed by unlinking, by
-- linking or by a new account: bans, limits and exclusion, once-only rewards, referrals.  Two persons become one when an
-- identity of one is linked to an account of the other; they are never parted again.
-- Of a former identity a keyed hash is kept and nothing else.
-- Locks: persons by number, then accounts by number, then what hangs on them.
-- depends: 0016.notices

SET LOCAL ROLE ct_owner;

-- The numbers begin where no user's number is: one taken for the other finds nothing.
CREATE TABLE auth.persons (
    person_id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000000000001) PRIMARY KEY,
    banned_at timestamptz,
    ban_reason text CHECK (char_length(ban_reason) <= 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (banned_at IS NOT NULL OR ban_reason IS NULL)
);

COMMENT ON TABLE auth.persons IS 'Who is behind one or more accounts, as far as log-ins show it.';
COMMENT ON COLUMN auth.persons.person_id IS 'The person''s number; never a user''s.';
COMMENT ON COLUMN auth.persons.banned_at IS 'Since when every account of the person is refused everywhere; null: none is.';
COMMENT ON COLUMN auth.persons.ban_reason IS 'Why, as told to the user.';
COMMENT ON COLUMN auth.persons.created_at IS 'When the person''s first account was made.';

CREATE TABLE auth.identities (
    identity_hash bytea PRIMARY KEY CHECK (octet_length(identity_hash) = 32),
    person_id bigint NOT NULL REFERENCES auth.persons,
    kind text NOT NULL CHECK (kind IN ('telegram', 'email')),
    since timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX identities_of_person ON auth.identities (person_id);

COMMENT ON TABLE auth.identities IS 'Every Telegram id and e-mail address that ever belonged to an account, as a keyed hash.';
COMMENT ON COLUMN auth.identities.identity_hash IS 'HMAC-SHA-256 of kind, colon and the id or address, under auth.identity_key.';
COMMENT ON COLUMN auth.identities.person_id IS 'Whose it is or was.';
COMMENT ON COLUMN auth.identities.kind IS 'What was hashed.';
COMMENT ON COLUMN auth.identities.since IS 'When it first belonged to an account of the person.';

CREATE TABLE auth.identity_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    inner_block bytea NOT NULL CHECK (octet_length(inner_block) = 64),
    outer_block bytea NOT NULL CHECK (octet_length(outer_block) = 64)
);

COMMENT ON TABLE auth.identity_key IS 'The key of auth.identities, made here by chance and never changed: with another one every restriction would be shed.';
COMMENT ON COLUMN auth.identity_key.one IS 'There is one row.';
COMMENT ON COLUMN auth.identity_key.inner_block IS 'The key, padded with zeros to a block and XORed with 0x36 (RFC 2104).';
COMMENT ON COLUMN auth.identity_key.outer_block IS 'The key, padded with zeros to a block and XORed with 0x5c (RFC 2104).';

-- Three random UUIDs hold 366 random bits; their hash is a key of 256.
INSERT INTO auth.identity_key (inner_block, outer_block)
SELECT decode(string_agg(lpad(to_hex(block.byte # 54), 2, '0'), '' ORDER BY block.place), 'hex'),
    decode(string_agg(lpad(to_hex(block.byte # 92), 2, '0'), '' ORDER BY block.place), 'hex')
FROM (
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
) AS random (key), LATERAL (
    SELECT n, CASE WHEN n < 32 THEN get_byte(random.key, n) ELSE 0 END FROM generate_series(0, 63) AS n
) AS block (place, byte);

-- What is there already: a person for each account, and what it logs in with.  The owner sees all rows meanwhile.
ALTER TABLE auth.users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.email_logins NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pay.spending_limits NO FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.users ADD COLUMN person_id bigint;
UPDATE auth.users SET person_id = nextval(pg_get_serial_sequence('auth.persons', 'person_id'));
INSERT INTO auth.persons (person_id, banned_at, ban_reason, created_at) OVERRIDING SYSTEM VALUE
SELECT a.person_id, a.banned_at, CASE WHEN a.banned_at IS NOT NULL THEN a.ban_reason END, a.created_at
FROM auth.users AS a;
INSERT INTO auth.identities (identity_hash, person_id, kind, since)
SELECT sha256(k.outer_block || sha256(k.inner_block || convert_to(i.kind || ':' || i.value, 'UTF8'))),
    i.person_id, i.kind, i.since
FROM auth.identity_key AS k, (
    SELECT a.person_id, 'telegram', a.telegram_id::text, a.created_at FROM auth.users AS a WHERE a.telegram_id IS NOT NULL
    UNION ALL
    SELECT a.person_id, 'email', l.email, l.created_at FROM auth.email_logins AS l JOIN auth.users AS a USING (user_id)
) AS i (person_id, kind, value, since);
ALTER TABLE auth.users ALTER COLUMN person_id SET NOT NULL, ADD FOREIGN KEY (person_id) REFERENCES auth.persons;
CREATE INDEX users_of_person ON auth.users (person_id);

COMMENT ON COLUMN auth.users.person_id IS 'Whose account it is.';
COMMENT ON COLUMN auth.users.banned_at IS
    'Since when the account is refused everywhere, as auth.persons says of whose it is: here for whoever reads an account anyway.';

-- Limits are a person's, whichever account sets them.
DROP POLICY own_rows ON pay.spending_limits;
DROP FUNCTION IF EXISTS pay.my_spending_limits;
DROP FUNCTION IF EXISTS pay.deposit_refusal;
DROP FUNCTION IF EXISTS pay.spent;
ALTER TABLE pay.spending_limits DROP CONSTRAINT spending_limits_user_id_fkey;
ALTER TABLE pay.spending_limits RENAME COLUMN user_id TO person_id;
UPDATE pay.spending_limits AS l SET person_id = a.person_id FROM auth.users AS a WHERE a.user_id = l.person_id;
ALTER TABLE pay.spending_limits ADD FOREIGN KEY (person_id) REFERENCES auth.persons;

CREATE POLICY own_rows ON pay.spending_limits
    USING (person_id = (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = (SELECT auth.claim())))
    WITH CHECK (person_id = (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = (SELECT auth.claim())));
COMMENT ON POLICY own_rows ON pay.spending_limits IS 'Limits belong to the person whose account the claim names.';
COMMENT ON TABLE pay.spending_limits IS 'What persons forbid themselves; no row: nothing.';
COMMENT ON COLUMN pay.spending_limits.person_id IS 'The person, whichever account set it.';

ALTER TABLE auth.users FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.email_logins FORCE ROW LEVEL SECURITY;
ALTER TABLE pay.spending_limits FORCE ROW LEVEL SECURITY;

-- Rows of no single user: nobody sees them but the functions of log-in.
ALTER TABLE auth.persons ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.persons FORCE ROW LEVEL SECURITY;
CREATE POLICY login ON auth.persons TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY login ON auth.persons IS 'Functions of login and of operators alone; no player reads it.';
ALTER TABLE auth.identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.identities FORCE ROW LEVEL SECURITY;
CREATE POLICY login ON auth.identities TO ct_auth USING (true) WITH CHECK (true);
COMMENT ON POLICY login ON auth.identities IS 'Functions of login alone; no player reads it.';
ALTER TABLE auth.identity_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.identity_key FORCE ROW LEVEL SECURITY;
CREATE POLICY login ON auth.identity_key TO ct_auth USING (true);
COMMENT ON POLICY login ON auth.identity_key IS 'Functions of login alone; no player reads it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON auth.persons, auth.identities TO ct_auth;
GRANT SELECT ON auth.identity_key TO ct_auth;
GRANT SELECT (person_id) ON auth.users TO ct_ledger;
GRANT DELETE ON pay.spending_limits TO ct_ledger;
GRANT USAGE ON SCHEMA pay TO ct_auth;
GRANT DELETE ON game.referrals TO ct_auth;

COMMENT ON TABLE game.referrals IS 'Who invited whom, once a person. Written in the transaction that makes a new person''s account; taken away only where two persons turn out to be one.';

COMMENT ON COLUMN game.bonus_runs.reason IS
    'Why it was cancelled: player, too_fast, refused, taken (the same person had the bonus with another account).';

-- It says more than before.
DROP FUNCTION IF EXISTS auth.log_in_telegram;

RESET ROLE;
