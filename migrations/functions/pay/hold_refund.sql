SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.hold_refund(p_charge_id text, p_reason text, p_by text) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_balance bigint;
BEGIN
    SELECT r.* INTO v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_receipt.state IN ('refunding', 'refunded') THEN
        RETURN 'ok';
    ELSIF v_receipt.state = 'charged_back' OR NOT v_receipt.booked THEN
        RETURN 'conflict';
    END IF;
    PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    IF v_receipt.state = 'credited' THEN
        SELECT b.balance INTO v_balance FROM ledger.balances AS b WHERE b.user_id = v_receipt.user_id FOR NO KEY UPDATE;
        IF v_balance < v_receipt.stars THEN
            RETURN 'insufficient_balance';
        END IF;
        PERFORM ledger.post(
            'deposit_refund:' || p_charge_id || ':' || v_receipt.attempt + 1, 'deposit_refund', NULL, p_reason,
            ARRAY[pay.player_account(v_receipt.user_id), pay.house_account('suspense')],
            ARRAY[-v_receipt.stars, v_receipt.stars]
        );
        UPDATE pay.payments AS p SET state = 'refunded', credited = 0 WHERE p.payment_id = v_receipt.payment_id;
    END IF;
    UPDATE pay.star_receipts AS r
    SET state = 'refunding', from_player = v_receipt.state = 'credited', attempt = r.attempt + 1,
        reason = CASE WHEN p_reason = 'operator' THEN coalesce(r.reason, p_reason) ELSE p_reason END,
        asked_by = p_by, asked_at = now(), next_try_at = now(), error = NULL
    WHERE r.charge_id = p_charge_id;
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION pay.hold_refund IS
    'Sets the Stars of a charge aside, to be sent back. insufficient_balance: the player has spent them; conflict: Telegram has them already.';
