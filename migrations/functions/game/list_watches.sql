SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.list_watches() RETURNS TABLE (
    name text, since timestamptz, succeeded_at timestamptz, failed_at timestamptz, failures int, error text, findings int,
    took_ms bigint, age_s double precision
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.name, w.since, w.succeeded_at, w.failed_at, w.failures, w.error, w.findings, w.took_ms,
        extract(epoch FROM now() - coalesce(w.succeeded_at, w.since))::double precision
    FROM game.watches AS w ORDER BY w.name;
END;

COMMENT ON FUNCTION game.list_watches IS 'Every periodic look, and how many seconds ago it last came to its end.';
GRANT EXECUTE ON FUNCTION game.list_watches TO ct_settler;
