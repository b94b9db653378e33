DROP FUNCTION game.refund(uuid, text);
DROP FUNCTION game.stake(bigint, text, uuid, bigint, text, int, int, text, text, bytea, double precision);
DROP FUNCTION game.open_room(text, text, bigint, int, int);
DROP FUNCTION game.look_up_key(text, text, bytea, double precision);
DROP FUNCTION game.find_key(bigint, text, text, bytea, double precision);
