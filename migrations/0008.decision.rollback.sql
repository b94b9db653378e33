DROP FUNCTION game.void(text, text);
DROP FUNCTION game.settle(text, jsonb);
DROP FUNCTION game.ranking(jsonb);
