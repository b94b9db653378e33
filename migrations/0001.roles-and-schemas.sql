-- Roles and schemas.  The owner cannot log in; definers own the functions that may touch money and logins; application
-- roles hold only what those functions give them; logins inherit nothing and take a role for each transaction.
-- What runs before there is a claim (log-in) and what operators do have roles of their own: they are no player's and
-- not the system's to call.
-- Roles belong to the whole server, so another database of the same server may have made them already.

DO $roles$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_owner', 'NOLOGIN', 'Chance Tap: owns every table; nobody logs in as it'),
            ('ct_auth', 'NOLOGIN', 'Chance Tap: owns the functions of login, which run before there is a claim'),
            ('ct_ledger', 'NOLOGIN', 'Chance Tap: owns the functions that move Stars'),
            ('ct_player', 'NOLOGIN', 'Chance Tap: a request of a player, bound to one user by a claim'),
            ('ct_settler', 'NOLOGIN', 'Chance Tap: work of the system: refund, settle, sweep, audit'),
            ('ct_login', 'NOLOGIN',
                'Chance Tap: log-ins, which run before there is a claim; the gateway has checked the proof'),
            ('ct_operator', 'NOLOGIN', 'Chance Tap: what operators do to accounts; every action is written down'),
            ('ct_gateway', 'LOGIN NOINHERIT', 'Chance Tap: login of the gateways'),
            ('ct_worker', 'LOGIN NOINHERIT', 'Chance Tap: login of the workers'),
            ('ct_analyst', 'LOGIN NOINHERIT', 'Chance Tap: login of the analysts')
        ) AS t (name, options, remark)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.remark);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    -- Who migrates without being a superuser must be able to act as the owners, and as the application in development.
    FOR wanted IN
        SELECT r.name FROM unnest(ARRAY[
            'ct_owner', 'ct_auth', 'ct_ledger', 'ct_player', 'ct_settler', 'ct_login', 'ct_operator'
        ]) AS r (name)
        WHERE NOT pg_has_role(current_user, r.name, 'SET') OR NOT pg_has_role(current_user, r.name, 'USAGE')
    LOOP
        EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', wanted.name, current_user);
    END LOOP;
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_gateway', 'ct_player'), ('ct_gateway', 'ct_settler'), ('ct_gateway', 'ct_login'),
            ('ct_gateway', 'ct_operator'), ('ct_worker', 'ct_settler'), ('ct_worker', 'ct_operator')
        ) AS t (login, role)
        WHERE NOT pg_has_role(t.login, t.role, 'SET')
    LOOP
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', wanted.role, wanted.login);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ct_gateway, ct_worker, ct_analyst', current_database());
END
$roles$;

ALTER DEFAULT PRIVILEGES FOR ROLE ct_owner, ct_auth, ct_ledger REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO ct_owner;
GRANT USAGE ON SCHEMA public TO ct_auth, ct_ledger, ct_player;

CREATE SCHEMA auth AUTHORIZATION ct_owner;
CREATE SCHEMA ledger AUTHORIZATION ct_owner;
CREATE SCHEMA game AUTHORIZATION ct_owner;
CREATE SCHEMA pay AUTHORIZATION ct_owner;
CREATE SCHEMA bot AUTHORIZATION ct_owner;

COMMENT ON SCHEMA auth IS 'Accounts. Row-level security shows each user its own rows only.';
COMMENT ON SCHEMA ledger IS 'Double-entry ledger of Stars: the only truth for money. Entries are only ever added.';
COMMENT ON SCHEMA game IS 'Rooms, seats and what was decided about them; idempotency keys; dead letters.';
COMMENT ON SCHEMA pay IS 'Money in and out: payments, wallets, withdrawals, and their reconciliation with Telegram and the chain.';
COMMENT ON SCHEMA bot IS 'What the bot has received and said.';

GRANT USAGE ON SCHEMA auth TO ct_auth, ct_ledger, ct_player, ct_settler, ct_login, ct_operator;
GRANT USAGE ON SCHEMA ledger TO ct_auth, ct_ledger, ct_player, ct_settler;
GRANT USAGE ON SCHEMA game TO ct_auth, ct_ledger, ct_player, ct_settler, ct_operator;
GRANT USAGE ON SCHEMA pay TO ct_ledger, ct_player, ct_settler, ct_operator;
GRANT USAGE ON SCHEMA bot TO ct_auth, ct_ledger, ct_player, ct_settler, ct_login, ct_operator;
