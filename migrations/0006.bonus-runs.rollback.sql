DROP TABLE game.bonus_budget, game.bonus_runs CASCADE;
DROP TYPE game.bonus_state CASCADE;
