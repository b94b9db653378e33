DROP TABLE game.player_stats;
DROP TABLE game.seats;
DROP TABLE game.rooms;
