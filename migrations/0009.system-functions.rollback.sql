DROP FUNCTION game.put_dead_letter(text, text, text, bytea, text);
DROP FUNCTION game.clear_missing(text);
DROP FUNCTION game.note_missing(text);
DROP FUNCTION game.open_rooms(double precision, int);
DROP FUNCTION game.stale_live_seats(double precision, int);
DROP FUNCTION game.live_seat(bigint);
DROP FUNCTION game.seat(uuid);
DROP FUNCTION game.purge_keys(double precision, int);
DROP FUNCTION game.store_answers(bigint[], text[], text[], bytea[]);
