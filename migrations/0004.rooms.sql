-- Rooms and seats as Postgres decides them.  Redis holds the live game; here stands who paid and what became of it.
-- The partial unique index is the rule that a player sits in one room only; Redis only hints at it.
-- Hero rooms: an organizer makes the room free of charge, watches, and gets a part of the pool when it is settled.  The
-- organizer's seat costs nothing and counts nowhere, but it is live: the index of live seats stays the one-room rule.
-- Also what was won a day, for the leaderboards.
-- Locks are taken in one order everywhere: the key, the limits, the room, the seat, then balances by account.
-- depends: 0003.ledger

SET LOCAL ROLE ct_owner;

CREATE TYPE game.room_kind AS ENUM ('standard', 'hero');
CREATE TYPE game.room_outcome AS ENUM ('open', 'settled', 'refunded');
CREATE TYPE game.seat_state AS ENUM ('live', 'refunded', 'settled');

COMMENT ON TYPE game.room_kind IS 'standard: made by the lobby; hero: made by an organizer.';
COMMENT ON TYPE game.room_outcome IS 'open; settled: a winner took the prize; refunded: every stake went back.';
COMMENT ON TYPE game.seat_state IS 'live: the stake lies in escrow; refunded: it went back; settled: it was played for.';

CREATE TABLE game.rooms (
    room_id text PRIMARY KEY CHECK (room_id ~ '^[0-3][0-9a-f][0-9a-z]{14}$'),
    kind game.room_kind NOT NULL,
    stake bigint CHECK (stake > 0),
    capacity int,
    fee_bps int NOT NULL DEFAULT 0 CHECK (fee_bps BETWEEN 0 AND 10000),
    escrow_id bigint UNIQUE REFERENCES ledger.accounts,
    outcome game.room_outcome NOT NULL DEFAULT 'open',
    reason varchar(100),
    winner_id bigint REFERENCES public.users,
    pool bigint,
    prize bigint,
    fee bigint,
    result jsonb,
    decision jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    missing_since timestamptz,
    organizer_id bigint REFERENCES public.users,
    target int CHECK (target > 0),
    CHECK ((outcome = 'open') = (decided_at IS NULL)),
    CHECK ((outcome = 'open') = (decision IS NULL)),
    CHECK ((outcome = 'settled') = (winner_id IS NOT NULL)),
    CHECK (outcome <> 'open' OR (stake IS NOT NULL AND capacity IS NOT NULL AND escrow_id IS NOT NULL)),
    CHECK (pool = prize + fee),
    -- A hero room that Redis knew and Postgres never did is decided without its organizer.
    CONSTRAINT rooms_organizer_check CHECK (
        CASE kind WHEN 'hero' THEN organizer_id IS NOT NULL OR stake IS NULL ELSE organizer_id IS NULL END
    )
);
CREATE INDEX rooms_open ON game.rooms (created_at) WHERE outcome = 'open';

COMMENT ON TABLE game.rooms IS 'A room for which somebody paid, or that an organizer made, and the one decision about its stakes.';
COMMENT ON COLUMN game.rooms.room_id IS 'Two hex digits of the partition and 14 random characters.';
COMMENT ON COLUMN game.rooms.kind IS 'Who made it.';
COMMENT ON COLUMN game.rooms.stake IS 'Stars a seat; null when the room ended before anybody paid.';
COMMENT ON COLUMN game.rooms.capacity IS 'Seats; null when the room ended before anybody paid.';
COMMENT ON COLUMN game.rooms.fee_bps IS 'Hundredths of a per cent of the pool that are not the winner''s: the house''s in a standard room, the organizer''s in a hero room. Fixed when the room was made.';
COMMENT ON COLUMN game.rooms.escrow_id IS 'The account that holds the stakes until the decision.';
COMMENT ON COLUMN game.rooms.outcome IS 'What was decided about its stakes. Set once.';
COMMENT ON COLUMN game.rooms.reason IS 'Why it was refunded.';
COMMENT ON COLUMN game.rooms.winner_id IS 'Who took the prize.';
COMMENT ON COLUMN game.rooms.pool IS 'Stakes of the seats that played, in Stars.';
COMMENT ON COLUMN game.rooms.prize IS 'What the winner got, in Stars.';
COMMENT ON COLUMN game.rooms.fee IS 'What the house or the organizer kept, in Stars.';
COMMENT ON COLUMN game.rooms.result IS 'The result as Redis saw it: the record of the game.';
COMMENT ON COLUMN game.rooms.decision IS 'The decision as it is told to players, the same for every repeat.';
COMMENT ON COLUMN game.rooms.created_at IS 'When the first stake came, or the organizer made it.';
COMMENT ON COLUMN game.rooms.decided_at IS 'When it was decided.';
COMMENT ON COLUMN game.rooms.missing_since IS 'Since when Redis, in good health, does not know the room; null: it does.';
COMMENT ON COLUMN game.rooms.organizer_id IS 'Who made a hero room and gets its fee; null: a standard room, or one that ended before Postgres heard of it.';
COMMENT ON COLUMN game.rooms.target IS 'Taps that end the game at once; null: only time does.';

CREATE TABLE game.seats (
    seat_id uuid PRIMARY KEY,
    room_id text NOT NULL REFERENCES game.rooms,
    user_id bigint NOT NULL REFERENCES public.users,
    amount bigint NOT NULL,
    state game.seat_state NOT NULL DEFAULT 'live',
    taps int,
    best int,
    place int,
    blocked boolean,
    prize bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    organizes boolean NOT NULL DEFAULT false,
    CONSTRAINT seats_amount_check CHECK (amount >= 0 AND (amount = 0) = organizes),
    CHECK ((state = 'live') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX seats_one_live_of_user ON game.seats (user_id) WHERE state = 'live';
CREATE INDEX seats_of_room ON game.seats (room_id);
CREATE UNIQUE INDEX seats_one_organizer_of_room ON game.seats (room_id) WHERE organizes;
CREATE INDEX seats_decided_of_user ON game.seats (user_id, decided_at, seat_id) WHERE decided_at IS NOT NULL;

COMMENT ON TABLE game.seats IS 'One paid attempt to sit in a room, or the organizer''s place in it; leaving and coming back makes another.';
COMMENT ON COLUMN game.seats.seat_id IS 'Fresh for every attempt; the keys of its transfers are made of it.';
COMMENT ON COLUMN game.seats.room_id IS 'The room.';
COMMENT ON COLUMN game.seats.user_id IS 'The player.';
COMMENT ON COLUMN game.seats.amount IS 'The stake, in Stars; 0 exactly for the organizer.';
COMMENT ON COLUMN game.seats.state IS 'What became of the stake.';
COMMENT ON COLUMN game.seats.taps IS 'Taps counted in the game.';
COMMENT ON COLUMN game.seats.best IS 'Most taps within any two seconds.';
COMMENT ON COLUMN game.seats.place IS 'Place among the players who paid; null: blocked, or not ranked.';
COMMENT ON COLUMN game.seats.blocked IS 'Blocked for cheating in this game.';
COMMENT ON COLUMN game.seats.prize IS 'Stars won; the organizer''s part is the room''s fee.';
COMMENT ON COLUMN game.seats.created_at IS 'When the stake was paid, or the room made.';
COMMENT ON COLUMN game.seats.decided_at IS 'When it was refunded or settled.';
COMMENT ON COLUMN game.seats.organizes IS 'The organizer''s: without a stake, decided with the room, not part of the game.';

CREATE TABLE game.player_stats (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    games int NOT NULL DEFAULT 0,
    wins int NOT NULL DEFAULT 0,
    won bigint NOT NULL DEFAULT 0,
    best int NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

COMMENT ON TABLE game.player_stats IS 'Totals of a player over settled games, written by the settlement.';
COMMENT ON COLUMN game.player_stats.user_id IS 'The player.';
COMMENT ON COLUMN game.player_stats.games IS 'Games that were settled.';
COMMENT ON COLUMN game.player_stats.wins IS 'Games won.';
COMMENT ON COLUMN game.player_stats.won IS 'Prizes, in Stars.';
COMMENT ON COLUMN game.player_stats.best IS 'Most taps within any two seconds of any game.';

CREATE TABLE game.daily_wins (
    day date NOT NULL,
    user_id bigint NOT NULL REFERENCES public.users,
    won bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (day, user_id)
) WITH (fillfactor = 70);
CREATE INDEX daily_wins_by_change ON game.daily_wins (updated_at, day, user_id);

COMMENT ON TABLE game.daily_wins IS 'Prizes of a player a day, written by the settlement; leaderboards are made of it.';
COMMENT ON COLUMN game.daily_wins.day IS 'The day on which the games ended, UTC.';
COMMENT ON COLUMN game.daily_wins.user_id IS 'The player.';
COMMENT ON COLUMN game.daily_wins.won IS 'Prizes of the day, in Stars.';
COMMENT ON COLUMN game.daily_wins.updated_at IS 'When the last prize was added; it may become visible a little later.';

GRANT SELECT, INSERT, UPDATE ON game.rooms, game.seats, game.player_stats TO ct_ledger;
GRANT SELECT, INSERT, UPDATE (won, updated_at) ON game.daily_wins TO ct_ledger;
GRANT SELECT (user_id, room_id, state) ON game.seats TO ct_auth;

RESET ROLE;
