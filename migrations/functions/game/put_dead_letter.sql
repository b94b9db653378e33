SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.put_dead_letter(p_stream text, p_entry_id text, p_room_id text, p_payload bytea, p_error text)
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO game.dead_letters (stream, entry_id, room_id, payload, error)
    VALUES (p_stream, p_entry_id, p_room_id, p_payload, p_error) ON CONFLICT DO NOTHING;
END;

COMMENT ON FUNCTION game.put_dead_letter IS 'Keeps an entry that failed repeatedly, once.';
GRANT EXECUTE ON FUNCTION game.put_dead_letter TO ct_settler;
