SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.queue_record() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO game.record_queue (room_id) VALUES (NEW.room_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION game.queue_record IS 'Notes in the transaction of a settlement that the game wants a record.';
GRANT EXECUTE ON FUNCTION game.queue_record TO ct_owner;
