SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.expect_watches(p_names text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO game.watches (name) SELECT n FROM unnest(p_names) AS n ON CONFLICT DO NOTHING;
END;

COMMENT ON FUNCTION game.expect_watches IS 'From now on these are expected to succeed from time to time; known ones keep what they have.';
GRANT EXECUTE ON FUNCTION game.expect_watches TO ct_settler;
