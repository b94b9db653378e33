SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.dismiss_chain(
    p_receipt_id bigint, OUT o_status text, OUT o_receipt pay.chain_receipts, OUT o_payment pay.payments
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = (SELECT r.payment_id FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id)
    FOR NO KEY UPDATE;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id FOR NO KEY UPDATE;
    o_status := CASE
        WHEN o_receipt.receipt_id IS NULL THEN 'not_found'
        WHEN o_receipt.state = 'ignored' AND o_receipt.reason = 'dismissed' THEN 'ok'
        WHEN o_receipt.state <> 'review' THEN 'conflict'
    END;
    IF o_status IS NULL THEN
        UPDATE pay.chain_receipts AS r
        SET state = 'ignored', reason = 'dismissed', decided_by = auth.actor(), decided_at = now()
        WHERE r.receipt_id = p_receipt_id RETURNING r.* INTO o_receipt;
        PERFORM pay.end_review(o_payment.payment_id);
        SELECT p.* INTO o_payment FROM pay.payments AS p WHERE p.payment_id = o_payment.payment_id;
        o_status := 'ok';
    END IF;
END
$function$;

COMMENT ON FUNCTION pay.dismiss_chain IS
    'An operator''s word that a receipt in review is nobody''s here: sent back by hand, or not meant for the game; repeated, it is ok again.';
GRANT EXECUTE ON FUNCTION pay.dismiss_chain TO ct_operator;
