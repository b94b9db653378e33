SET LOCAL ROLE ct_ledger;

-- One room as Postgres knows it.
CREATE OR REPLACE FUNCTION game.room_report(p_room_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT jsonb_build_object(
        'room', (SELECT to_jsonb(r) FROM game.rooms AS r WHERE r.room_id = p_room_id),
        'escrow', (
            SELECT coalesce(sum(e.amount), 0) FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id)
            WHERE a.kind = 'escrow' AND a.room_id = p_room_id
        ),
        'seats', (
            SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.created_at, s.seat_id), '[]')
            FROM game.seats AS s WHERE s.room_id = p_room_id
        ),
        'transfers', (
            SELECT coalesce(jsonb_agg(t.line ORDER BY t.transfer_id), '[]') FROM (
                SELECT t.transfer_id, to_jsonb(t) || jsonb_build_object('entries', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'account', coalesce(a.kind || ' ' || coalesce(a.user_id::text, a.room_id), a.kind::text),
                        'amount', e.amount
                    ) ORDER BY e.entry_id), '[]')
                    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
                    WHERE e.transfer_id = t.transfer_id
                )) AS line
                -- By their keys: transfers are not indexed by room.
                FROM ledger.transfers AS t WHERE t.key IN (
                    SELECT 'settle:' || p_room_id
                    UNION ALL
                    SELECT word || s.seat_id FROM game.seats AS s, unnest(ARRAY['stake:', 'refund:']) AS word
                    WHERE s.room_id = p_room_id
                )
            ) AS t
        ),
        'dead_letters', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'stream', d.stream, 'entry_id', d.entry_id, 'error', d.error, 'created_at', d.created_at
            ) ORDER BY d.dead_letter_id), '[]')
            FROM game.dead_letters AS d WHERE d.room_id = p_room_id
        )
    );
END;

COMMENT ON FUNCTION game.room_report IS
    'A room with its seats, its transfers and what could not be settled of it; its room is null where nobody ever paid.';
GRANT EXECUTE ON FUNCTION game.room_report TO ct_settler;
