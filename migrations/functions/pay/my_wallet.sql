-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_wallet() RETURNS TABLE (network text, address text, linked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.network, w.address, w.linked_at FROM pay.wallets AS w
    WHERE w.user_id = auth.claim() AND w.unlinked_at IS NULL;
END;

COMMENT ON FUNCTION pay.my_wallet IS 'The wallet linked to the claim''s user, if one is.';
GRANT EXECUTE ON FUNCTION pay.my_wallet TO ct_player;
