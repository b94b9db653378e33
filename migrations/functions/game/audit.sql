-- depends: game.day_won
SET LOCAL ROLE ct_ledger;

-- One statement, so that it sees one moment and can run beside live traffic.
CREATE OR REPLACE FUNCTION game.audit() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sums AS (
        SELECT e.account_id, sum(e.amount) AS amount FROM ledger.entries AS e GROUP BY e.account_id
    ), escrows AS (
        SELECT a.room_id, coalesce(sums.amount, 0) AS amount
        FROM ledger.accounts AS a LEFT JOIN sums USING (account_id) WHERE a.kind = 'escrow'
    ), live AS (
        SELECT s.room_id, sum(s.amount) AS amount FROM game.seats AS s WHERE s.state = 'live' GROUP BY s.room_id
    ), played AS (
        SELECT s.user_id, s.prize, r.winner_id, game.day_won(r.result, r.decided_at) AS day
        FROM game.seats AS s JOIN game.rooms AS r USING (room_id)
        WHERE s.state = 'settled' AND NOT s.organizes
    ), owed AS (
        -- Who has to get what of a pool; the house is user 0.
        SELECT r.room_id, r.winner_id AS user_id, r.prize AS amount FROM game.rooms AS r
        WHERE r.outcome = 'settled' AND r.prize <> 0
        UNION ALL
        SELECT r.room_id, coalesce(r.organizer_id, 0), r.fee FROM game.rooms AS r
        WHERE r.outcome = 'settled' AND r.fee <> 0
    ), got AS (
        SELECT t.room_id, coalesce(a.user_id, 0) AS user_id, sum(e.amount) AS amount
        FROM ledger.transfers AS t JOIN ledger.entries AS e USING (transfer_id) JOIN ledger.accounts AS a USING (account_id)
        WHERE t.kind = 'settle' AND a.kind <> 'escrow'
        GROUP BY t.room_id, coalesce(a.user_id, 0)
    )
    SELECT 'transfer_unbalanced', 'transfer ' || t.transfer_id, 'sums to ' || coalesce(sum(e.amount)::text, 'nothing')
    FROM ledger.transfers AS t LEFT JOIN ledger.entries AS e USING (transfer_id)
    GROUP BY t.transfer_id HAVING sum(e.amount) IS DISTINCT FROM 0
    UNION ALL
    SELECT 'ledger_unbalanced', 'ledger', 'all entries sum to ' || sum(sums.amount)
    FROM sums HAVING sum(sums.amount) <> 0
    UNION ALL
    SELECT 'balance_differs', 'user ' || a.user_id,
        'balance ' || coalesce(b.balance::text, 'missing') || ', entries ' || coalesce(sums.amount, 0)
    FROM ledger.accounts AS a LEFT JOIN ledger.balances AS b USING (account_id) LEFT JOIN sums USING (account_id)
    WHERE a.kind = 'player' AND b.balance IS DISTINCT FROM coalesce(sums.amount, 0)
    UNION ALL
    SELECT 'balance_negative', 'user ' || b.user_id, 'balance ' || b.balance
    FROM ledger.balances AS b WHERE b.balance < 0
    UNION ALL
    SELECT 'escrow_differs', 'room ' || r.room_id,
        'escrow ' || coalesce(escrows.amount::text, 'missing') || ', live seats ' || coalesce(live.amount, 0)
    FROM game.rooms AS r LEFT JOIN escrows USING (room_id) LEFT JOIN live USING (room_id)
    WHERE r.outcome = 'open' AND escrows.amount IS DISTINCT FROM coalesce(live.amount, 0)
    UNION ALL
    SELECT 'escrow_left', 'room ' || escrows.room_id, 'decided, escrow ' || escrows.amount
    FROM escrows LEFT JOIN game.rooms AS r USING (room_id)
    WHERE r.outcome IS DISTINCT FROM 'open' AND escrows.amount <> 0
    UNION ALL
    SELECT 'seat_live_after_decision', 'seat ' || s.seat_id, 'room ' || s.room_id || ' is ' || r.outcome
    FROM game.seats AS s JOIN game.rooms AS r USING (room_id) WHERE s.state = 'live' AND r.outcome <> 'open'
    UNION ALL
    SELECT 'decided_not_once', 'room ' || r.room_id, r.outcome || ', ' || count(t.transfer_id) || ' settlements'
    FROM game.rooms AS r LEFT JOIN ledger.transfers AS t ON t.room_id = r.room_id AND t.kind = 'settle'
    GROUP BY r.room_id HAVING count(t.transfer_id) <> (r.outcome = 'settled')::int
    UNION ALL
    SELECT 'prize_differs', 'room ' || r.room_id, 'seats paid ' || sum(s.amount) || ', pool ' || r.pool
        || ', prize ' || r.prize || ', prizes of seats ' || sum(s.prize)
    FROM game.rooms AS r JOIN game.seats AS s ON s.room_id = r.room_id AND s.state = 'settled'
    WHERE r.outcome = 'settled'
    GROUP BY r.room_id HAVING sum(s.amount) <> r.pool OR sum(s.prize) IS DISTINCT FROM r.prize
    UNION ALL
    SELECT 'fee_differs', 'room ' || r.room_id, 'fee ' || r.fee || ' of ' || r.pool || ' at ' || r.fee_bps || ' bps'
    FROM game.rooms AS r WHERE r.outcome = 'settled' AND r.fee IS DISTINCT FROM r.pool * r.fee_bps / 10000
    UNION ALL
    SELECT 'payout_differs', 'room ' || room_id,
        'user ' || user_id || ' got ' || coalesce(got.amount, 0) || ' of the pool instead of ' || coalesce(owed.amount, 0)
    FROM owed FULL JOIN got USING (room_id, user_id)
    WHERE owed.amount IS DISTINCT FROM got.amount
    UNION ALL
    SELECT 'organizer_differs', 'room ' || r.room_id,
        'organizer ' || coalesce(r.organizer_id::text, 'nobody') || ', seats ' || count(s.seat_id)
    FROM game.rooms AS r LEFT JOIN game.seats AS s ON s.room_id = r.room_id AND s.organizes
    GROUP BY r.room_id
    HAVING count(s.seat_id) <> (r.organizer_id IS NOT NULL)::int OR bool_or(s.user_id <> r.organizer_id)
    UNION ALL
    SELECT 'organizer_paid', 'seat ' || s.seat_id, 'a seat without a stake has transfer ' || t.transfer_id
    FROM game.seats AS s JOIN ledger.transfers AS t ON t.key IN ('stake:' || s.seat_id, 'refund:' || s.seat_id)
    WHERE s.organizes
    UNION ALL
    SELECT 'daily_wins_differ', 'user ' || user_id,
        coalesce(w.won, 0) || ' kept for ' || day || ', prizes ' || coalesce(p.won, 0)
    FROM game.daily_wins AS w FULL JOIN (
        SELECT played.day, played.user_id, sum(played.prize) AS won FROM played
        WHERE played.prize > 0 GROUP BY played.day, played.user_id
    ) AS p USING (day, user_id)
    WHERE w.won IS DISTINCT FROM p.won
    UNION ALL
    SELECT 'stats_differ', 'user ' || user_id,
        format('%s games, %s won, %s Stars kept; %s, %s, %s played', t.games, t.wins, t.won, p.games, p.wins, p.won)
    FROM game.player_stats AS t FULL JOIN (
        SELECT played.user_id, count(*) AS games, count(*) FILTER (WHERE played.user_id = played.winner_id) AS wins,
            sum(played.prize) AS won
        FROM played GROUP BY played.user_id
    ) AS p USING (user_id)
    WHERE (t.games, t.wins, t.won) IS DISTINCT FROM (p.games, p.wins, p.won)
    UNION ALL
    SELECT 'seat_not_paid', 'seat ' || s.seat_id, 'stake of ' || s.amount || ' is not in the ledger'
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'stake:' || s.seat_id
    WHERE t.transfer_id IS NULL AND NOT s.organizes
    UNION ALL
    SELECT 'seat_refund_differs', 'seat ' || s.seat_id,
        s.state || CASE WHEN t.transfer_id IS NULL THEN ', no refund' ELSE ', refund in the ledger' END
    FROM game.seats AS s LEFT JOIN ledger.transfers AS t ON t.key = 'refund:' || s.seat_id
    WHERE (s.state = 'refunded') <> (t.transfer_id IS NOT NULL) AND NOT s.organizes;
END;

COMMENT ON FUNCTION game.audit IS 'Everything that is wrong with the money at this moment; no rows: nothing is.';
GRANT EXECUTE ON FUNCTION game.audit TO ct_settler;
