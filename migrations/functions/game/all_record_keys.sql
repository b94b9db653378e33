SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.all_record_keys() RETURNS TABLE (key_id text, public_key bytea, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.key_id, k.public_key, k.created_at FROM game.record_keys AS k ORDER BY k.created_at DESC, k.key_id;
END;

COMMENT ON FUNCTION game.all_record_keys IS 'Every public key that signed a record, the latest first.';
GRANT EXECUTE ON FUNCTION game.all_record_keys TO ct_player;
