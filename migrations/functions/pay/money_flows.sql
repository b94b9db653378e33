SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.money_flows(p_from timestamptz, p_to timestamptz) RETURNS TABLE (kind text, account text, stars bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.kind::text, a.kind::text, sum(e.amount)::bigint
    FROM ledger.transfers AS t JOIN ledger.entries AS e USING (transfer_id) JOIN ledger.accounts AS a USING (account_id)
    WHERE (p_from IS NULL OR t.created_at >= p_from) AND (p_to IS NULL OR t.created_at < p_to)
    GROUP BY t.kind, a.kind;
END;

COMMENT ON FUNCTION pay.money_flows IS
    'For operators: what transfers of each kind put on accounts of each kind, from a moment on and before another.';
GRANT EXECUTE ON FUNCTION pay.money_flows TO ct_settler;
