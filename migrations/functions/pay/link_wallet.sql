SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.link_wallet(p_user_id bigint, p_network text, p_address text, p_public_key text) RETURNS text
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

COMMENT ON FUNCTION pay.link_wallet IS
    'Links a wallet that was proved, in place of the one before; repeated, it is ok again. conflict: it is linked to another account. The claim must be the player''s.';
GRANT EXECUTE ON FUNCTION pay.link_wallet TO ct_player;
