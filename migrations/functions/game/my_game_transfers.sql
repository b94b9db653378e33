-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_game_transfers(p_room_id text)
    RETURNS TABLE (
        transfer_id bigint, kind ledger.transfer_kind, reason text, amount bigint, balance_after bigint, created_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT t.transfer_id, t.kind, t.reason, e.amount, e.balance_after, t.created_at
    FROM ledger.transfers AS t
    JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id
        AND e.account_id = (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = auth.claim())
    WHERE t.key = ANY ((
        SELECT array_agg(k.key)
        FROM game.seats AS s, LATERAL (
            VALUES ('stake:' || s.seat_id), ('refund:' || s.seat_id), ('settle:' || s.room_id)
        ) AS k (key)
        WHERE s.room_id = p_room_id AND s.user_id = auth.claim()
    )::text[])
    ORDER BY e.entry_id;
END;

COMMENT ON FUNCTION game.my_game_transfers IS 'What a room took from and gave to the claim''s user, in order.';
GRANT EXECUTE ON FUNCTION game.my_game_transfers TO ct_player;
