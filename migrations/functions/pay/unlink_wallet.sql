SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.unlink_wallet() RETURNS boolean
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

COMMENT ON FUNCTION pay.unlink_wallet IS 'Ends the link of the claim''s user; false: there was none.';
GRANT EXECUTE ON FUNCTION pay.unlink_wallet TO ct_player;
