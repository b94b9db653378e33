DROP TABLE game.dead_letters, game.idempotency CASCADE;
