SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.note_watch(p_name text, p_error text, p_findings int, p_took_ms bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO game.watches AS w (name, succeeded_at, failed_at, failures, error, findings, took_ms)
    SELECT p_name, CASE WHEN p_error IS NULL THEN now() END, CASE WHEN p_error IS NOT NULL THEN now() END,
        CASE WHEN p_error IS NULL THEN 0 ELSE 1 END, left(p_error, 200), p_findings, p_took_ms
    ON CONFLICT (name) DO UPDATE
    SET succeeded_at = coalesce(excluded.succeeded_at, w.succeeded_at),
        failed_at = coalesce(excluded.failed_at, w.failed_at),
        failures = CASE WHEN p_error IS NULL THEN 0 ELSE w.failures + 1 END,
        error = coalesce(excluded.error, w.error),
        findings = CASE WHEN p_error IS NULL THEN p_findings ELSE w.findings END,
        took_ms = CASE WHEN p_error IS NULL THEN p_took_ms ELSE w.took_ms END;
END;

COMMENT ON FUNCTION game.note_watch IS
    'How a periodic look ended: with so many findings after so many ms, or with an error; what it found before then stays.';
GRANT EXECUTE ON FUNCTION game.note_watch TO ct_settler;
