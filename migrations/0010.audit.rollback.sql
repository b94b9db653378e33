DROP FUNCTION game.audit();
