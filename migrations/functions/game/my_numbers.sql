-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_numbers(
    OUT balance bigint, OUT room_id text, OUT games int, OUT wins int, OUT won bigint, OUT best int
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT b.balance, s.room_id, coalesce(p.games, 0), coalesce(p.wins, 0), coalesce(p.won, 0), coalesce(p.best, 0)
    FROM ledger.balances AS b
    LEFT JOIN game.seats AS s ON s.user_id = b.user_id AND s.state = 'live'
    LEFT JOIN game.player_stats AS p ON p.user_id = b.user_id
    WHERE b.user_id = auth.claim();
END;

COMMENT ON FUNCTION game.my_numbers IS 'Balance, room and statistics of the claim''s user; nulls without a claim.';
GRANT EXECUTE ON FUNCTION game.my_numbers TO ct_player;
