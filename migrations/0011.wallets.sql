-- Wallets of the TON chain that players have shown to be theirs.  One wallet belongs to one account at a time, and an
-- account has one; what was linked before is kept.
-- depends: 0010.stars

SET LOCAL ROLE ct_owner;

CREATE TABLE pay.wallets (
    wallet_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    address text NOT NULL CHECK (address ~ '^(0|-1):[0-9a-f]{64}$'),
    public_key text NOT NULL CHECK (public_key ~ '^[0-9a-f]{64}$'),
    linked_at timestamptz NOT NULL DEFAULT now(),
    proven_at timestamptz NOT NULL DEFAULT now(),
    unlinked_at timestamptz,
    unlinked_by text CHECK (unlinked_by IN ('player', 'another')),
    CHECK ((unlinked_at IS NULL) = (unlinked_by IS NULL))
);
CREATE UNIQUE INDEX wallets_one_account ON pay.wallets (network, address) WHERE unlinked_at IS NULL;
CREATE UNIQUE INDEX wallets_one_wallet ON pay.wallets (user_id) WHERE unlinked_at IS NULL;
CREATE INDEX wallets_of_user ON pay.wallets (user_id, wallet_id);

COMMENT ON TABLE pay.wallets IS 'Links between accounts and wallets, the ended ones too; never deleted.';
COMMENT ON COLUMN pay.wallets.wallet_id IS 'The link''s number.';
COMMENT ON COLUMN pay.wallets.user_id IS 'Whose wallet it is.';
COMMENT ON COLUMN pay.wallets.network IS 'Which chain.';
COMMENT ON COLUMN pay.wallets.address IS 'Raw address: the form in which addresses are compared.';
COMMENT ON COLUMN pay.wallets.public_key IS 'The key that signed the last proof, in hex.';
COMMENT ON COLUMN pay.wallets.linked_at IS 'When it was linked.';
COMMENT ON COLUMN pay.wallets.proven_at IS 'When its owner proved it last.';
COMMENT ON COLUMN pay.wallets.unlinked_at IS 'When the link ended; null: it holds.';
COMMENT ON COLUMN pay.wallets.unlinked_by IS 'What ended it: the player, or another wallet in its place.';

ALTER TABLE pay.wallets ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.wallets FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.wallets
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.wallets TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.wallets IS 'A link belongs to the user it names.';
COMMENT ON POLICY money ON pay.wallets IS 'Functions of money see whose a wallet is.';

GRANT SELECT, INSERT, UPDATE ON pay.wallets TO ct_ledger;

RESET ROLE;
