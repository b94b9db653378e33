-- The ledger's word for Stars that came in and are nobody's yet.  A migration of its own: a new value of a type can be
-- used only after the transaction that added it.
-- depends: 0020.money-kinds

SET LOCAL ROLE ct_owner;

ALTER TYPE ledger.account_kind ADD VALUE IF NOT EXISTS 'suspense';

COMMENT ON TYPE ledger.account_kind IS
    'player; escrow: stakes of a room; house: fees; demo: source of demonstration Stars; bonus: source of bonus rewards; telegram: Stars paid to the bot; chain: TON paid to the house''s wallet, as Stars; held: withdrawals on their way; loss: charged back after they were spent; suspense: Stars that came in and are under review, or on their way back to who paid them.';

RESET ROLE;
