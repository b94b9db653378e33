DROP TABLE game.daily_wins, game.player_stats, game.seats, game.rooms CASCADE;
DROP TYPE game.seat_state, game.room_outcome, game.room_kind CASCADE;
