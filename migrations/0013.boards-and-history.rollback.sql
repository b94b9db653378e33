DROP FUNCTION game.my_game_transfers(text);
DROP FUNCTION game.my_game_standings(text);
DROP FUNCTION game.my_games(bigint, uuid, text, int);
DROP FUNCTION game.board_standing(date, date, int, bigint[]);
DROP FUNCTION game.board_sums(date, date, bigint, int);
DROP FUNCTION game.board_changes(bigint, date, bigint, int);
DROP INDEX ledger.entries_of_transfer;
DROP INDEX game.seats_decided_of_user;
DROP INDEX game.daily_wins_by_change;
