SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA ledger TO ct_ledger;
SET LOCAL ROLE ct_ledger;

DROP FUNCTION ledger.statement(bigint, int);

CREATE FUNCTION ledger.statement(p_before bigint, p_limit int)
    RETURNS TABLE (
        entry_id bigint, kind ledger.transfer_kind, room_id text, reason text, amount bigint, balance_after bigint, created_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.entry_id, t.kind, t.room_id, t.reason, e.amount, e.balance_after, t.created_at
    FROM ledger.balances AS b
    JOIN ledger.entries AS e USING (account_id)
    JOIN ledger.transfers AS t USING (transfer_id)
    WHERE b.user_id = auth.claim() AND (p_before IS NULL OR e.entry_id < p_before)
    ORDER BY e.entry_id DESC
    LIMIT p_limit;
END;

COMMENT ON FUNCTION ledger.statement(bigint, int) IS 'Changes of the claim''s user''s balance, newest first, below an entry.';

GRANT EXECUTE ON FUNCTION ledger.statement(bigint, int) TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA ledger FROM ct_ledger;
RESET ROLE;
