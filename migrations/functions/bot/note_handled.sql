SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.note_handled(p_update_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO bot.updates (update_id) VALUES (p_update_id) ON CONFLICT DO NOTHING;
END;

COMMENT ON FUNCTION bot.note_handled IS 'An update was dealt with.';
GRANT EXECUTE ON FUNCTION bot.note_handled TO ct_chat;
