DELETE FROM bot.notices WHERE kind IN ('login_linked', 'login_unlinked');
DELETE FROM auth.outbox WHERE template IN ('linked', 'removed');
DROP INDEX bot.notices_of_user;
ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check, ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'withdrawal_waits', 'chargeback', 'debt', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));
CREATE INDEX notices_of_user ON bot.notices (user_id, notice_id) WHERE kind NOT IN ('game_starts', 'room_expires');
COMMENT ON COLUMN bot.notices.kind IS 'What happened; game_starts and room_expires are said by the bot only.';
COMMENT ON COLUMN bot.notices.subject IS 'What it happened to: a room, a transfer''s key, a moment, an appeal.';
ALTER TABLE auth.outbox DROP CONSTRAINT outbox_template_check, ADD CONSTRAINT outbox_template_check CHECK (
    template IN ('register', 'link', 'reset', 'changed', 'unlinked')
);
DROP TABLE auth.login_changes CASCADE;
ALTER TABLE auth.email_logins DROP COLUMN since CASCADE;
ALTER TABLE auth.users DROP COLUMN telegram_since CASCADE;
