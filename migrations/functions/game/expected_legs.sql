SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.expected_legs()
    RETURNS TABLE (key text, kind text, room_id text, account_id bigint, amount bigint)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH seats AS (
        SELECT s.seat_id, s.room_id, s.amount, s.state, b.account_id AS player_id, r.escrow_id
        FROM game.seats AS s JOIN game.rooms AS r USING (room_id) JOIN ledger.balances AS b USING (user_id)
        WHERE NOT s.organizes
    ), house AS (
        SELECT a.kind, a.account_id FROM ledger.accounts AS a WHERE a.kind IN ('house', 'bonus')
    )
    SELECT 'stake:' || s.seat_id, 'stake', s.room_id, s.player_id, -s.amount FROM seats AS s
    UNION ALL
    SELECT 'stake:' || s.seat_id, 'stake', s.room_id, s.escrow_id, s.amount FROM seats AS s
    UNION ALL
    SELECT 'refund:' || s.seat_id, 'refund', s.room_id, s.player_id, s.amount FROM seats AS s WHERE s.state = 'refunded'
    UNION ALL
    SELECT 'refund:' || s.seat_id, 'refund', s.room_id, s.escrow_id, -s.amount FROM seats AS s WHERE s.state = 'refunded'
    UNION ALL
    SELECT 'settle:' || r.room_id, 'settle', r.room_id, leg.account_id, leg.amount
    FROM game.rooms AS r
    LEFT JOIN ledger.balances AS winner ON winner.user_id = r.winner_id
    LEFT JOIN ledger.balances AS organizer ON organizer.user_id = r.organizer_id
    LEFT JOIN house ON house.kind = 'house' AND r.organizer_id IS NULL
    CROSS JOIN LATERAL (VALUES
        (r.escrow_id, -r.pool), (winner.account_id, r.prize), (coalesce(organizer.account_id, house.account_id), r.fee)
    ) AS leg (account_id, amount)
    WHERE r.outcome = 'settled' AND leg.amount <> 0
    UNION ALL
    SELECT 'bonus:' || r.run_id, 'bonus', NULL, leg.account_id, leg.amount
    FROM game.bonus_runs AS r
    JOIN ledger.balances AS b USING (user_id)
    JOIN house ON house.kind = 'bonus'
    CROSS JOIN LATERAL (VALUES (house.account_id, -r.reward), (b.account_id, r.reward)) AS leg (account_id, amount)
    WHERE r.state = 'rewarded';
END;

COMMENT ON FUNCTION game.expected_legs IS
    'The entries that seats, rooms and bonus runs call for: each stake, refund, settlement and reward, leg by leg.';
