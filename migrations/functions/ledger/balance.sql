-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.balance(OUT balance bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT b.balance FROM ledger.balances AS b WHERE b.user_id = auth.claim());

COMMENT ON FUNCTION ledger.balance IS 'The balance of the claim''s user; null without a claim.';
GRANT EXECUTE ON FUNCTION ledger.balance TO ct_player;
