-- Reviews: what an operator has to look at before money leaves the house: a game that the signals flagged, a block, and
-- Stars that were won from a player who is under review.  Nobody is blocked by it and no Star moves; withdrawals wait.
-- depends: 0020.logins
-- functions: game.review_decision bot.note_waiting

SET LOCAL ROLE ct_owner;


CREATE TABLE game.reviews (
    review_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    kind text NOT NULL CHECK (kind IN ('signals', 'block', 'passed')),
    room_id text NOT NULL REFERENCES game.rooms,
    source_id bigint REFERENCES public.users,
    stars bigint NOT NULL CHECK (stars >= 0),
    since timestamptz NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    grown_at timestamptz NOT NULL DEFAULT now(),
    decision text CHECK (decision IN ('cleared', 'confirmed')),
    reason varchar(500),
    decided_by varchar(100),
    decided_at timestamptz,
    CHECK ((kind = 'passed') = (source_id IS NOT NULL)),
    CHECK (num_nulls(decision, decided_by, decided_at) IN (0, 3))
);
CREATE UNIQUE INDEX reviews_once ON game.reviews (room_id, user_id, kind) WHERE kind <> 'passed';
CREATE UNIQUE INDEX reviews_passed_once ON game.reviews (user_id, source_id) WHERE kind = 'passed' AND decision IS NULL;
CREATE INDEX reviews_of_user ON game.reviews (user_id) WHERE decision IS DISTINCT FROM 'cleared';
CREATE INDEX reviews_of_source ON game.reviews (source_id) WHERE kind = 'passed' AND decision IS DISTINCT FROM 'cleared';
CREATE INDEX reviews_open ON game.reviews (review_id) WHERE decision IS NULL;

COMMENT ON TABLE game.reviews IS 'What an operator has to look at before money is paid out. Undecided and confirmed ones hold withdrawals.';
COMMENT ON COLUMN game.reviews.review_id IS 'Its number.';
COMMENT ON COLUMN game.reviews.user_id IS 'Whose withdrawals wait.';
COMMENT ON COLUMN game.reviews.kind IS 'signals: the game''s signals ask for it; block: blocked in the game; passed: Stars won from a player under review.';
COMMENT ON COLUMN game.reviews.room_id IS 'The game; of passed Stars the first in which some came.';
COMMENT ON COLUMN game.reviews.source_id IS 'Of passed Stars: the player under review whom they came from.';
COMMENT ON COLUMN game.reviews.stars IS 'What it is about: the prize of the game, or the Stars that were passed and are still with this player.';
COMMENT ON COLUMN game.reviews.since IS 'What the player staked after this moment may be what it is about.';
COMMENT ON COLUMN game.reviews.opened_at IS 'When it was opened.';
COMMENT ON COLUMN game.reviews.grown_at IS 'When its Stars last became more.';
COMMENT ON COLUMN game.reviews.decision IS 'cleared: nothing was found, withdrawals go on; confirmed: it was cheating, they go on waiting; null: nobody has looked.';
COMMENT ON COLUMN game.reviews.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN game.reviews.decided_by IS 'Which operator.';
COMMENT ON COLUMN game.reviews.decided_at IS 'When.';

CREATE TABLE game.passed_stakes (
    seat_id uuid NOT NULL REFERENCES game.seats,
    source_id bigint NOT NULL REFERENCES public.users,
    stars bigint NOT NULL CHECK (stars > 0),
    passed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (seat_id, source_id)
);
CREATE INDEX passed_of_source ON game.passed_stakes (source_id);

COMMENT ON TABLE game.passed_stakes IS 'Lost stakes by which Stars under review went on to the winner, each once.';
COMMENT ON COLUMN game.passed_stakes.seat_id IS 'The seat that lost.';
COMMENT ON COLUMN game.passed_stakes.source_id IS 'The player under review whom the Stars came from first.';
COMMENT ON COLUMN game.passed_stakes.stars IS 'How many of the stake.';
COMMENT ON COLUMN game.passed_stakes.passed_at IS 'When it was written down.';

ALTER TABLE pay.withdrawals DROP CONSTRAINT withdrawals_waits_for_check;
ALTER TABLE pay.withdrawals ADD CONSTRAINT withdrawals_waits_for_check
    CHECK (waits_for IN ('limit', 'banned', 'failed', 'unknown', 'review'));
COMMENT ON COLUMN pay.withdrawals.waits_for IS
    'Why an operator has to decide: limit; banned; failed (it was refused, nothing left); unknown (nobody can tell whether it left); review (a game of the player is under review: it goes on by itself once that is cleared).';

ALTER TABLE bot.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE bot.notices ADD CONSTRAINT notices_kind_check CHECK (kind IN (
    'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
    'withdrawal_sent', 'withdrawal_waits', 'chargeback', 'debt', 'banned', 'unbanned', 'appeal_answer', 'game_starts',
    'room_expires'
));

CREATE TRIGGER review_decision AFTER UPDATE OF outcome ON game.rooms FOR EACH ROW
    WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open')
    EXECUTE FUNCTION game.review_decision();
CREATE TRIGGER note_waiting AFTER UPDATE OF state ON pay.withdrawals FOR EACH ROW
    WHEN (NEW.waits_for = 'review' AND OLD.state <> 'approval')
    EXECUTE FUNCTION bot.note_waiting();

GRANT SELECT, INSERT, UPDATE ON game.reviews TO ct_ledger;
GRANT SELECT, INSERT ON game.passed_stakes TO ct_ledger;

RESET ROLE;
