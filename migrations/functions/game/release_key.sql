-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.release_key(p_endpoint text, p_key text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.idempotency AS i SET lease_until = clock_timestamp()
    WHERE i.user_id = auth.claim() AND i.endpoint = p_endpoint AND i.key = p_key
        AND i.subject IS NOT NULL AND i.response IS NULL;
END;

COMMENT ON FUNCTION game.release_key IS
    'The claim''s user''s request took effect and could not be answered: a retry may resume it at once.';
GRANT EXECUTE ON FUNCTION game.release_key TO ct_player;
