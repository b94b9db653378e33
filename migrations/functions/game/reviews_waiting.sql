SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.reviews_waiting(OUT o_reviews bigint, OUT o_oldest_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*), coalesce(extract(epoch FROM now() - min(r.opened_at)), 0)
    FROM game.reviews AS r WHERE r.decision IS NULL AND (r.kind <> 'passed' OR r.stars > 0);
END;

COMMENT ON FUNCTION game.reviews_waiting IS 'How many reviews nobody has decided, and for how long the oldest waits.';
GRANT EXECUTE ON FUNCTION game.reviews_waiting TO ct_settler;
