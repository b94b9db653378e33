DROP TRIGGER queue_record ON game.rooms;
DROP FUNCTION game.queue_record;
DROP TABLE game.rhythms, game.signals, game.records, game.record_queue, game.record_keys CASCADE;
DROP TYPE game.log_state CASCADE;
