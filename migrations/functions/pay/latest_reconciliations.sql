SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.latest_reconciliations(
    OUT o_star_differences int, OUT o_star_read_at timestamptz, OUT o_chain_differences int, OUT o_chain_read_at timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT jsonb_array_length(s.differences), s.finished_at, jsonb_array_length(c.differences), c.finished_at
    FROM (SELECT) AS always
    LEFT JOIN LATERAL (
        SELECT r.differences, r.finished_at FROM pay.star_reconciliations AS r ORDER BY r.run_id DESC LIMIT 1
    ) AS s ON true
    LEFT JOIN LATERAL (
        SELECT r.differences, r.finished_at FROM pay.chain_reconciliations AS r ORDER BY r.run_id DESC LIMIT 1
    ) AS c ON true;
END;

COMMENT ON FUNCTION pay.latest_reconciliations IS
    'How much the latest reconciliations with Telegram and the chain found, and when; nulls: there was none.';
GRANT EXECUTE ON FUNCTION pay.latest_reconciliations TO ct_settler;
