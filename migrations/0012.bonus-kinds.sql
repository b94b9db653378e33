-- The ledger's words for the bonus.  A new value of a type can be used only after the transaction that added it, and
-- each migration is one: so what uses them is the next one's.
-- depends: 0011.hero-rooms

SET LOCAL ROLE ct_owner;

ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'bonus';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'bonus';

COMMENT ON TYPE ledger.account_kind IS
    'player; escrow: stakes of a room; house: fees; demo: source of demonstration Stars; bonus: source of bonus rewards.';
COMMENT ON TYPE ledger.transfer_kind IS
    'grant: demonstration Stars; stake; refund; settle: a pool that was won; bonus: reward of a finished bonus run.';

RESET ROLE;
