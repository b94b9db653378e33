DROP FUNCTION game.refund(uuid, text);
DROP FUNCTION game.stake(bigint, text, uuid, bigint, game.room_kind, int, int, text, text, bytea, double precision);
DROP FUNCTION game.open_room(text, game.room_kind, bigint, int, int);
DROP FUNCTION game.look_up_key(text, text, bytea, double precision);
DROP FUNCTION game.find_key(bigint, text, text, bytea, double precision);
