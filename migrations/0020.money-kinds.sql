-- The ledger's words for money that comes in and goes out.  A new value of a type can be used only after the
-- transaction that added it, and each migration is one: so what uses them comes later.
-- depends: 0012.bonus-kinds

SET LOCAL ROLE ct_owner;

ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'telegram';
ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'chain';
ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'held';
ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'loss';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'deposit';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'deposit_refund';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'chargeback';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'withdrawal';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'withdrawal_return';
ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'payout';

COMMENT ON TYPE ledger.account_kind IS
    'player; escrow: stakes of a room; house: fees; demo: source of demonstration Stars; bonus: source of bonus rewards; telegram: Stars paid to the bot; chain: TON paid to the house''s wallet, as Stars; held: withdrawals on their way; loss: charged back after they were spent.';
COMMENT ON TYPE ledger.transfer_kind IS
    'grant: demonstration Stars; stake; refund; settle: a pool that was won; bonus: reward of a finished bonus run; deposit; deposit_refund: a deposit sent back; chargeback: a deposit that Telegram took back; withdrawal: from the player into held; withdrawal_return: back to the player; payout: held Stars that left.';

RESET ROLE;
