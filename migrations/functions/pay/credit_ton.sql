SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.credit_ton(p_receipt_id bigint, p_user_id bigint, p_payment_id uuid, p_stars bigint, p_rate bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.chain_receipts;
BEGIN
    UPDATE pay.chain_receipts AS r
    SET state = 'credited', reason = p_reason, user_id = p_user_id, payment_id = p_payment_id, rate = p_rate,
        stars = p_stars
    WHERE r.receipt_id = p_receipt_id
    RETURNING r.* INTO STRICT v_receipt;
    PERFORM ledger.post(
        'deposit:ton:' || v_receipt.hash, 'deposit', NULL, p_reason,
        ARRAY[pay.house_account('chain'), pay.player_account(p_user_id)],
        ARRAY[-v_receipt.stars, v_receipt.stars]
    );
    UPDATE pay.payments AS p
    SET state = 'paid', credited = p.credited + v_receipt.stars, paid_at = coalesce(p.paid_at, v_receipt.sent_at)
    WHERE p.payment_id = p_payment_id;
END
$function$;

COMMENT ON FUNCTION pay.credit_ton IS
    'Credits a receipt with so many Stars, and keeps the rate that decided.';
