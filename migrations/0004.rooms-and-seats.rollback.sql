DROP TABLE game.player_stats;
DROP TABLE game.seats;
DROP TABLE game.rooms;
DROP TYPE game.seat_state;
DROP TYPE game.room_outcome;
DROP TYPE game.room_kind;
