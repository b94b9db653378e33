-- The bot: which updates were dealt with, and to whom it may write.
-- depends: 0014.ton

SET LOCAL ROLE ct_owner;

CREATE TABLE bot.updates (
    update_id bigint PRIMARY KEY,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX updates_by_age ON bot.updates USING brin (handled_at);

COMMENT ON TABLE bot.updates IS 'Updates from Telegram that were dealt with: a redelivery is answered and nothing more.';
COMMENT ON COLUMN bot.updates.update_id IS 'Telegram''s number of the update.';
COMMENT ON COLUMN bot.updates.handled_at IS 'When its handler was done.';

CREATE TABLE bot.chats (
    telegram_id bigint PRIMARY KEY CHECK (telegram_id > 0),
    can_write boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE bot.chats IS 'People who have started the bot or blocked it.';
COMMENT ON COLUMN bot.chats.telegram_id IS 'The person, and so the private chat.';
COMMENT ON COLUMN bot.chats.can_write IS 'Whether the bot may write there; false: it was blocked.';
COMMENT ON COLUMN bot.chats.changed_at IS 'Since when.';

GRANT SELECT, INSERT, UPDATE, DELETE ON bot.updates, bot.chats TO ct_auth;

RESET ROLE;
