-- Wallets of the TON chain that players have shown to be theirs.  One wallet belongs to one account at a time, and an
-- account has one; what was linked before is kept.
-- depends: 0021.payments

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;

ALTER TABLE auth.users ADD COLUMN has_ton_wallet boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN auth.users.has_ton_wallet IS 'Whether a wallet is linked now: pay.wallets says which.';
GRANT UPDATE (has_ton_wallet) ON auth.users TO ct_ledger;

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

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.link_wallet(p_user_id bigint, p_network text, p_address text, p_public_key text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_linked record;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Links of one player wait here for each other.
    PERFORM FROM ledger.balances AS b WHERE b.user_id = p_user_id FOR NO KEY UPDATE;
    SELECT w.user_id INTO v_linked FROM pay.wallets AS w
    WHERE w.network = p_network AND w.address = p_address AND w.unlinked_at IS NULL;
    IF v_linked.user_id = p_user_id THEN
        UPDATE pay.wallets AS w SET public_key = p_public_key, proven_at = now()
        WHERE w.user_id = p_user_id AND w.unlinked_at IS NULL;
        RETURN 'ok';
    ELSIF v_linked.user_id IS NOT NULL THEN
        RETURN 'conflict';
    END IF;
    UPDATE pay.wallets AS w SET unlinked_at = now(), unlinked_by = 'another'
    WHERE w.user_id = p_user_id AND w.unlinked_at IS NULL;
    INSERT INTO pay.wallets (user_id, network, address, public_key)
    VALUES (p_user_id, p_network, p_address, p_public_key);
    UPDATE auth.users AS a SET has_ton_wallet = true WHERE a.user_id = p_user_id;
    RETURN 'ok';
EXCEPTION WHEN unique_violation THEN
    -- Two accounts with proofs of one wallet at the same moment: the other was first.
    RETURN 'conflict';
END
$function$;

COMMENT ON FUNCTION pay.link_wallet(bigint, text, text, text) IS
    'Links a wallet that was proved, in place of the one before; repeated, it is ok again. conflict: it is linked to another account. The claim must be the player''s.';

CREATE FUNCTION pay.unlink_wallet() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    PERFORM FROM ledger.balances AS b WHERE b.user_id = auth.claim() FOR NO KEY UPDATE;
    UPDATE auth.users AS a SET has_ton_wallet = false WHERE a.user_id = auth.claim();
    UPDATE pay.wallets AS w SET unlinked_at = now(), unlinked_by = 'player'
    WHERE w.user_id = auth.claim() AND w.unlinked_at IS NULL;
    RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION pay.unlink_wallet() IS 'Ends the link of the claim''s user; false: there was none.';

CREATE FUNCTION pay.my_wallet() RETURNS TABLE (network text, address text, linked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.network, w.address, w.linked_at FROM pay.wallets AS w
    WHERE w.user_id = auth.claim() AND w.unlinked_at IS NULL;
END;

COMMENT ON FUNCTION pay.my_wallet() IS 'The wallet linked to the claim''s user, if one is.';

GRANT EXECUTE ON FUNCTION pay.link_wallet(bigint, text, text, text), pay.unlink_wallet(), pay.my_wallet() TO ct_player;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
