-- Logins that can do what their process needs and no more; who acted; what admins ask for in the chat; and whether this
-- database is production's.
-- What each login may do is written down in docs/access.md, and a test holds that page against the catalogue.
-- depends: 0018.debts

DO $roles$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_seats', 'NOLOGIN',
                'Chance Tap: seats and sessions beyond a player''s claim: settle a finished room, give a seat back'),
            ('ct_chat', 'NOLOGIN', 'Chance Tap: what Telegram sends to the bot is recorded: updates, charges, wishes of admins'),
            ('ct_errand', 'NOLOGIN', 'Chance Tap: what the worker does because an admin asked for it in the chat'),
            ('ct_bot', 'LOGIN NOINHERIT', 'Chance Tap: login of the bot where it asks Telegram for updates itself'),
            ('ct_console', 'LOGIN NOINHERIT',
                'Chance Tap: login of operators at the command line; each person''s own login is a member of it')
        ) AS t (name, options, remark)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.remark);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    FOR wanted IN
        SELECT r.name FROM unnest(ARRAY['ct_seats', 'ct_chat', 'ct_errand']) AS r (name)
        WHERE NOT pg_has_role(current_user, r.name, 'SET') OR NOT pg_has_role(current_user, r.name, 'USAGE')
    LOOP
        EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', wanted.name, current_user);
    END LOOP;

    -- Whoever granted it: what is not in this list goes.
    FOR wanted IN
        SELECT m.roleid::regrole AS role, m.member::regrole AS login, m.grantor::regrole AS grantor
        FROM pg_auth_members AS m
        WHERE m.member::regrole::text IN ('ct_gateway', 'ct_bot', 'ct_worker', 'ct_console', 'ct_analyst')
            AND (m.member::regrole::text, m.roleid::regrole::text) NOT IN (
                ('ct_gateway', 'ct_player'), ('ct_gateway', 'ct_login'), ('ct_gateway', 'ct_seats'),
                ('ct_gateway', 'ct_chat'),
                ('ct_bot', 'ct_player'), ('ct_bot', 'ct_login'), ('ct_bot', 'ct_chat'),
                ('ct_worker', 'ct_settler'), ('ct_worker', 'ct_seats'), ('ct_worker', 'ct_chat'),
                ('ct_worker', 'ct_errand'),
                ('ct_console', 'ct_operator'), ('ct_console', 'ct_settler'), ('ct_console', 'ct_seats'),
                ('ct_console', 'ct_chat')
            )
    LOOP
        EXECUTE format('REVOKE %s FROM %s GRANTED BY %s', wanted.role, wanted.login, wanted.grantor);
    END LOOP;
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ct_gateway', 'ct_seats'), ('ct_gateway', 'ct_chat'),
            ('ct_bot', 'ct_player'), ('ct_bot', 'ct_login'), ('ct_bot', 'ct_chat'),
            ('ct_worker', 'ct_seats'), ('ct_worker', 'ct_chat'), ('ct_worker', 'ct_errand'),
            ('ct_console', 'ct_operator'), ('ct_console', 'ct_settler'), ('ct_console', 'ct_seats'),
            ('ct_console', 'ct_chat')
        ) AS t (login, role)
        WHERE NOT pg_has_role(t.login, t.role, 'SET')
    LOOP
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', wanted.role, wanted.login);
    END LOOP;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ct_bot, ct_console', current_database());
END
$roles$;

GRANT USAGE ON SCHEMA auth TO ct_seats, ct_chat, ct_errand;
GRANT USAGE ON SCHEMA game TO ct_seats;
GRANT USAGE ON SCHEMA pay TO ct_chat, ct_errand;
GRANT USAGE ON SCHEMA bot TO ct_chat, ct_errand;

-- Who acted is read from the session from now on.
DROP FUNCTION IF EXISTS auth.ban, auth.unban, bot.answer_appeal, game.review_bonus, pay.assign_chain, pay.assign_stars,
    pay.dismiss_chain, pay.explain_outgoing, pay.forgive_debt, pay.refund_stars, pay.review_withdrawal;

SET LOCAL ROLE ct_owner;

COMMENT ON COLUMN auth.operator_log.operator IS 'Who did it, as auth.actor tells it.';

CREATE TABLE public.installation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    env text NOT NULL CHECK (env IN ('development', 'production')),
    since timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE public.installation IS 'What this database is for: one row, written by `chance-tap migrate` from ENV.';
COMMENT ON COLUMN public.installation.only_one IS 'Always true: there is one row.';
COMMENT ON COLUMN public.installation.env IS
    'development, or production; from production it goes back only by an owner''s own statement.';
COMMENT ON COLUMN public.installation.since IS 'Since when.';

CREATE TABLE bot.errands (
    errand_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    telegram_id bigint NOT NULL CHECK (telegram_id > 0),
    message_id bigint NOT NULL,
    words text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 1000),
    asked_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz DEFAULT now(),
    tries int NOT NULL DEFAULT 0,
    outcome text CHECK (outcome IN ('done', 'no_admin', 'late', 'failed')),
    closed_at timestamptz,
    UNIQUE (telegram_id, message_id),
    CHECK ((due_at IS NULL) = (outcome IS NOT NULL) AND (outcome IS NULL) = (closed_at IS NULL))
);
CREATE INDEX errands_due ON bot.errands (due_at, errand_id) WHERE due_at IS NOT NULL;
CREATE INDEX errands_of_admin ON bot.errands (telegram_id, asked_at);

COMMENT ON TABLE bot.errands IS
    'What admins asked for in the chat.  Gateways write down who asked what; a worker looks whether it is an admin, and does it.';
COMMENT ON COLUMN bot.errands.errand_id IS 'Its number; rises with time.';
COMMENT ON COLUMN bot.errands.telegram_id IS 'Who asked, as Telegram named the sender to the gateway; and where the answer goes.';
COMMENT ON COLUMN bot.errands.message_id IS 'The message in that chat: delivered again, it asks for nothing new.';
COMMENT ON COLUMN bot.errands.words IS 'The command as it was written.';
COMMENT ON COLUMN bot.errands.asked_at IS 'When it came.';
COMMENT ON COLUMN bot.errands.due_at IS 'When a worker is to look at it (next); null: it is closed.';
COMMENT ON COLUMN bot.errands.tries IS 'How often a worker has taken it up.';
COMMENT ON COLUMN bot.errands.outcome IS
    'done; no_admin: who asked was none by then; late: no worker took it up in time; failed: tried too often.';
COMMENT ON COLUMN bot.errands.closed_at IS 'When it was closed.';

GRANT SELECT ON public.installation TO ct_auth;
GRANT SELECT, INSERT, UPDATE ON bot.errands TO ct_auth;

RESET ROLE;
