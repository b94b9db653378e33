-- Notices: what a player is told of money and blocks, in the app and, while that is closed, by the bot; and appeals.
-- Each is written in the transaction of what it tells of, so that none is lost, and once: by the triggers below.
-- depends: 0015.bot
-- functions: bot.note_ban bot.note_decision bot.note_transfer bot.note_withdrawal

SET LOCAL ROLE ct_owner;

CREATE TABLE bot.notices (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    kind text NOT NULL CHECK (kind IN (
        'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
        'withdrawal_sent', 'chargeback', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
    )),
    subject text NOT NULL,
    room_id text,
    amount bigint,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '1 hour',
    delivery text CHECK (delivery IN ('sending', 'sent', 'app_open', 'late', 'no_chat', 'refused', 'no_bot')),
    delivery_at timestamptz,
    UNIQUE (user_id, kind, subject),
    CHECK ((due_at IS NULL) = (delivery IS NOT NULL))
);
CREATE INDEX notices_of_user ON bot.notices (user_id, notice_id) WHERE kind NOT IN ('game_starts', 'room_expires');
CREATE INDEX notices_due ON bot.notices (due_at, notice_id) WHERE due_at IS NOT NULL;
CREATE INDEX notices_by_delivery ON bot.notices (user_id, delivery_at) WHERE delivery IN ('sending', 'sent');

COMMENT ON TABLE bot.notices IS 'What a player is told. The row decides that the bot says it once.';
COMMENT ON COLUMN bot.notices.notice_id IS 'Rises with time.';
COMMENT ON COLUMN bot.notices.user_id IS 'The player.';
COMMENT ON COLUMN bot.notices.kind IS 'What happened; game_starts and room_expires are said by the bot only.';
COMMENT ON COLUMN bot.notices.subject IS 'What it happened to: a room, a transfer''s key, a moment, an appeal.';
COMMENT ON COLUMN bot.notices.room_id IS 'The room, if it is about one.';
COMMENT ON COLUMN bot.notices.amount IS 'Stars that moved, if any did.';
COMMENT ON COLUMN bot.notices.reason IS 'Why, as recorded; of an answer to an appeal its words.';
COMMENT ON COLUMN bot.notices.created_at IS 'When it happened.';
COMMENT ON COLUMN bot.notices.due_at IS 'When the bot is to look at it (next); null: it is done with it.';
COMMENT ON COLUMN bot.notices.expires_at IS 'Later than this it is not worth saying.';
COMMENT ON COLUMN bot.notices.delivery IS 'What the bot did about it; one that stays at sending may or may not have been sent.';
COMMENT ON COLUMN bot.notices.delivery_at IS 'When.';

CREATE TABLE bot.appeals (
    appeal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice_id bigint NOT NULL UNIQUE REFERENCES bot.notices,
    user_id bigint NOT NULL REFERENCES public.users,
    words text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    answer text CHECK (char_length(answer) BETWEEN 1 AND 2000),
    answered_by text CHECK (char_length(answered_by) BETWEEN 1 AND 100),
    answered_at timestamptz,
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX appeals_open ON bot.appeals (appeal_id) WHERE answer IS NULL;

COMMENT ON TABLE bot.appeals IS 'What blocked players say against it, once a block, and what operators answer.';
COMMENT ON COLUMN bot.appeals.appeal_id IS 'Its number.';
COMMENT ON COLUMN bot.appeals.notice_id IS 'The block it is about.';
COMMENT ON COLUMN bot.appeals.user_id IS 'Who appeals.';
COMMENT ON COLUMN bot.appeals.words IS 'In the player''s words.';
COMMENT ON COLUMN bot.appeals.created_at IS 'When it came.';
COMMENT ON COLUMN bot.appeals.answer IS 'In the operator''s words.';
COMMENT ON COLUMN bot.appeals.answered_by IS 'Which operator.';
COMMENT ON COLUMN bot.appeals.answered_at IS 'When.';

CREATE TABLE bot.pace (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_at timestamptz NOT NULL DEFAULT '-infinity'
);

COMMENT ON TABLE bot.pace IS 'One row that all workers share, so that together they stay below Telegram''s limit.';
COMMENT ON COLUMN bot.pace.one IS 'There is one row.';
COMMENT ON COLUMN bot.pace.next_at IS 'When the next message may go.';

INSERT INTO bot.pace DEFAULT VALUES;

CREATE TRIGGER note_ban AFTER UPDATE OF banned_at ON auth.users FOR EACH ROW
    WHEN ((OLD.banned_at IS NULL) <> (NEW.banned_at IS NULL))
    EXECUTE FUNCTION bot.note_ban();
CREATE TRIGGER note_decision AFTER UPDATE OF outcome ON game.rooms FOR EACH ROW
    WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open')
    EXECUTE FUNCTION bot.note_decision();
CREATE CONSTRAINT TRIGGER note_transfer AFTER INSERT ON ledger.transfers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind IN ('bonus', 'deposit_refund', 'withdrawal_return', 'chargeback')
        OR (NEW.kind = 'refund' AND NEW.reason = 'seat_lost'))
    EXECUTE FUNCTION bot.note_transfer();
CREATE TRIGGER note_withdrawal AFTER UPDATE OF state ON pay.withdrawals FOR EACH ROW
    WHEN (NEW.state = 'sent' AND OLD.state <> 'sent')
    EXECUTE FUNCTION bot.note_withdrawal();

GRANT SELECT, INSERT, UPDATE ON bot.notices, bot.appeals, bot.pace TO ct_auth;
GRANT SELECT, INSERT ON bot.notices TO ct_ledger;
GRANT SELECT ON bot.appeals TO ct_ledger;

RESET ROLE;
