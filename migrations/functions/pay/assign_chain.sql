SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.assign_chain(
    p_receipt_id bigint, p_payment_id uuid, p_user_id bigint, p_rate bigint, p_named boolean,
    OUT o_status text, OUT o_receipt pay.chain_receipts, OUT o_payment pay.payments, OUT o_balance bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_user_id bigint := p_user_id;
    v_rate bigint := p_rate;
    v_named uuid;
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = coalesce(
        p_payment_id,
        -- For the order that its memo named, unless an operator knows better.
        (SELECT r.payment_id FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id AND p_user_id IS NULL)
    ) AND p.method = 'ton'
    FOR NO KEY UPDATE;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id FOR NO KEY UPDATE;
    IF o_payment.payment_id IS NOT NULL THEN
        v_user_id := o_payment.user_id;
        -- An old price is never the player's option; an operator's own price is the operator's.
        v_rate := CASE WHEN p_named THEN p_rate WHEN p_rate IS NOT NULL THEN greatest(p_rate, o_payment.ton_rate) END;
    END IF;
    o_status := CASE
        WHEN o_receipt.receipt_id IS NULL THEN 'not_found'
        WHEN p_payment_id IS NOT NULL AND o_payment.payment_id IS NULL THEN 'no_payment'
        WHEN v_user_id IS NULL OR pay.player_account(v_user_id) IS NULL THEN 'no_user'
        WHEN o_receipt.state = 'credited' AND o_receipt.user_id = v_user_id AND o_receipt.decided_by IS NOT NULL THEN 'ok'
        WHEN o_receipt.state <> 'review' THEN 'conflict'
        WHEN v_rate IS NULL THEN 'no_rate'
        WHEN o_receipt.nanoton / v_rate = 0 THEN 'too_little'
    END;
    IF o_status IS NULL THEN
        v_named := o_receipt.payment_id;
        PERFORM pay.credit_ton(
            p_receipt_id, v_user_id, o_payment.payment_id, o_receipt.nanoton / v_rate, v_rate, o_receipt.reason
        );
        PERFORM pay.end_review(v_named);
        UPDATE pay.chain_receipts AS r SET decided_by = auth.actor(), decided_at = now() WHERE r.receipt_id = p_receipt_id;
        o_status := 'ok';
    END IF;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id;
    SELECT p.* INTO o_payment FROM pay.payments AS p WHERE p.payment_id = o_receipt.payment_id;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_receipt.user_id;
END
$function$;

COMMENT ON FUNCTION pay.assign_chain IS
    'An operator''s word whose a receipt in review is: for an order (its own one by default) at the worse of its rate and p_rate, or for a user at p_rate; p_named: the operator named the rate, and it holds; repeated, it is ok again. conflict: it does not wait for that.';
GRANT EXECUTE ON FUNCTION pay.assign_chain TO ct_operator;
