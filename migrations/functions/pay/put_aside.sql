SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.put_aside(p_source text, p_key text, p_raw text, p_problem text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH added AS (
        INSERT INTO pay.set_aside (source, key, raw, whole, problem)
        VALUES (p_source, left(p_key, 100), left(p_raw, 65536), length(p_raw) <= 65536, left(p_problem, 200))
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM added);
END;

COMMENT ON FUNCTION pay.put_aside IS
    'Keeps an element of a list from outside that could not be understood, once; whether it is new.';
GRANT EXECUTE ON FUNCTION pay.put_aside TO ct_settler;
