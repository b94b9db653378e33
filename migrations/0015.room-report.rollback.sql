DROP FUNCTION game.room_report(text);
