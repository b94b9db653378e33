SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.transfers_of(p_room_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH movements AS (
        SELECT e.entry_id, t.transfer_id, t.key, t.kind, t.reason
        FROM game.rooms AS r
        JOIN ledger.entries AS e ON e.account_id = r.escrow_id
        JOIN ledger.transfers AS t USING (transfer_id)
        WHERE r.room_id = p_room_id
    ), accounts AS (
        SELECT r.escrow_id AS account_id, 'escrow' AS name FROM game.rooms AS r WHERE r.room_id = p_room_id
        UNION ALL
        SELECT a.account_id, 'house' FROM ledger.accounts AS a WHERE a.kind = 'house'
        UNION ALL
        SELECT b.account_id, 'player:' || b.user_id FROM ledger.balances AS b
        WHERE b.user_id IN (SELECT s.user_id FROM game.seats AS s WHERE s.room_id = p_room_id)
    ), legs AS (
        -- There is no index by transfer.  One statement wrote all entries of a transfer, so their numbers are near.
        SELECT m.transfer_id, jsonb_agg(jsonb_build_object('account', a.name, 'amount', e.amount) ORDER BY e.entry_id) AS legs
        FROM movements AS m
        CROSS JOIN accounts AS a
        JOIN ledger.entries AS e ON e.account_id = a.account_id AND e.transfer_id = m.transfer_id
            AND e.entry_id BETWEEN m.entry_id - 50000 AND m.entry_id + 50000
        GROUP BY m.transfer_id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'transfer_id', m.transfer_id, 'key', m.key, 'kind', m.kind, 'reason', m.reason, 'legs', legs.legs
    ) ORDER BY m.transfer_id), '[]')
    FROM movements AS m JOIN legs USING (transfer_id);
END;

COMMENT ON FUNCTION game.transfers_of IS 'Every transfer that touched the escrow of a room, with all its legs.';
