-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

-- It says whose part of a game a line is: a prize and an organizer's part are both paid by its settlement.
CREATE OR REPLACE FUNCTION ledger.statement(p_before bigint, p_limit int)
    RETURNS TABLE (
        entry_id bigint, kind ledger.transfer_kind, room_id text, reason text, amount bigint, balance_after bigint,
        created_at timestamptz, organizes boolean
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT line.*, mine.organizes
    FROM (
        SELECT e.entry_id, t.kind, t.room_id, t.reason, e.amount, e.balance_after, t.created_at
        FROM ledger.balances AS b
        JOIN ledger.entries AS e USING (account_id)
        JOIN ledger.transfers AS t USING (transfer_id)
        WHERE b.user_id = auth.claim() AND (p_before IS NULL OR e.entry_id < p_before)
        ORDER BY e.entry_id DESC
        LIMIT p_limit
    ) AS line
    LEFT JOIN LATERAL (
        -- As in game.my_games: a seat that was decided with its room.
        SELECT s.organizes
        FROM game.rooms AS r JOIN game.seats AS s ON s.room_id = r.room_id AND s.decided_at = r.decided_at
        WHERE r.room_id = line.room_id AND s.user_id = auth.claim()
        LIMIT 1
    ) AS mine ON true
    ORDER BY line.entry_id DESC;
END;

COMMENT ON FUNCTION ledger.statement IS
    'Changes of the claim''s user''s balance, newest first, below an entry; organizes: of the decided game it belongs to, if any.';
GRANT EXECUTE ON FUNCTION ledger.statement TO ct_player;
