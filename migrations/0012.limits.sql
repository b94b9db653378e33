-- What players forbid themselves: more than so many Stars of stakes a day, or any game until a moment.  Tighter holds at
-- once; looser waits a day, and until then the tighter holds.  It is asked in the transaction that takes the stake.
-- Locks: the key, the limits, the room, the seat, then balances.
-- depends: 0011.wallets

SET LOCAL ROLE ct_owner;

CREATE TABLE pay.spending_limits (
    user_id bigint PRIMARY KEY REFERENCES public.users,
    daily_stars bigint CHECK (daily_stars >= 0),
    next_daily_stars bigint CHECK (next_daily_stars > daily_stars),
    next_daily_at timestamptz,
    excluded_until timestamptz,
    next_excluded_until timestamptz CHECK (next_excluded_until < excluded_until),
    next_excluded_at timestamptz,
    CHECK (next_daily_at IS NOT NULL OR next_daily_stars IS NULL),
    CHECK (next_excluded_at IS NOT NULL OR next_excluded_until IS NULL)
);

COMMENT ON TABLE pay.spending_limits IS 'What players forbid themselves; no row: nothing.';
COMMENT ON COLUMN pay.spending_limits.user_id IS 'The player.';
COMMENT ON COLUMN pay.spending_limits.daily_stars IS 'Most Stars of stakes a day, UTC, less those that came back; null: no limit.';
COMMENT ON COLUMN pay.spending_limits.next_daily_stars IS 'What it will be from next_daily_at; null: no limit.';
COMMENT ON COLUMN pay.spending_limits.next_daily_at IS 'When the looser daily limit begins to hold; null: none waits.';
COMMENT ON COLUMN pay.spending_limits.excluded_until IS 'No games until then; null: not excluded.';
COMMENT ON COLUMN pay.spending_limits.next_excluded_until IS 'What it will be from next_excluded_at; null: not excluded.';
COMMENT ON COLUMN pay.spending_limits.next_excluded_at IS 'When the shorter exclusion begins to hold; null: none waits.';

ALTER TABLE pay.spending_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.spending_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.spending_limits
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.spending_limits TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.spending_limits IS 'Limits belong to the user they name.';
COMMENT ON POLICY money ON pay.spending_limits IS 'Functions of money ask them of whoever stakes.';

GRANT SELECT, INSERT, UPDATE ON pay.spending_limits TO ct_ledger;

RESET ROLE;
