SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.drop_key(p_user_id bigint, p_endpoint text, p_key text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM game.idempotency AS i WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
END;

COMMENT ON FUNCTION game.drop_key IS 'Gives up a new key: only successes are kept.';
