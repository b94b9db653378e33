DROP TABLE game.dead_letters;
DROP TABLE game.idempotency;
