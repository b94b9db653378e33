DROP FUNCTION game.review_decision, bot.note_waiting CASCADE;
DROP TABLE game.passed_stakes, game.reviews CASCADE;
UPDATE pay.withdrawals SET waits_for = 'limit' WHERE waits_for = 'review';
ALTER TABLE pay.withdrawals DROP CONSTRAINT withdrawals_waits_for_check;
ALTER TABLE pay.withdrawals ADD CONSTRAINT withdrawals_waits_for_check
    CHECK (waits_for IN ('limit', 'banned', 'failed', 'unknown'));
COMMENT ON COLUMN pay.withdrawals.waits_for IS
    'Why an operator has to decide: limit; banned; failed (it was refused, nothing left); unknown (nobody can tell whether it left).';
DELETE FROM bot.notices WHERE kind = 'withdrawal_waits';
ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE bot.notices ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'chargeback', 'debt', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
));
