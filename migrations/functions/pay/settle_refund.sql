SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.settle_refund(
    p_charge_id text, p_outcome text, p_error text, p_retry_s double precision
) RETURNS pay.charge_result
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_status text;
BEGIN
    SELECT r.* INTO STRICT v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    v_status := 'repeated';
    IF v_receipt.state = 'refunding' THEN
        v_status := p_outcome;
        CASE p_outcome
        WHEN 'done' THEN
            PERFORM ledger.post(
                'deposit_refunded:' || p_charge_id, 'deposit_refund', NULL, v_receipt.reason,
                ARRAY[pay.house_account('suspense'), pay.house_account('telegram')],
                ARRAY[-v_receipt.stars, v_receipt.stars]
            );
            UPDATE pay.star_receipts AS r SET state = 'refunded', closed_at = now(), next_try_at = NULL, error = p_error
            WHERE r.charge_id = p_charge_id;
            -- What came for the order has gone back: nothing waits any more.
            UPDATE pay.payments AS p SET state = 'refunded'
            WHERE p.payment_id = v_receipt.payment_id AND p.state = 'review';
        WHEN 'refused' THEN
            IF v_receipt.from_player THEN
                PERFORM ledger.post(
                    'deposit_refund_back:' || p_charge_id || ':' || v_receipt.attempt, 'deposit_refund', NULL, 'refused',
                    ARRAY[pay.house_account('suspense'), pay.player_account(v_receipt.user_id)],
                    ARRAY[-v_receipt.stars, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'paid', credited = v_receipt.stars
                WHERE p.payment_id = v_receipt.payment_id;
            ELSIF v_receipt.reason = 'late' THEN
                UPDATE pay.payments AS p SET state = 'review' WHERE p.payment_id = v_receipt.payment_id;
            END IF;
            UPDATE pay.star_receipts AS r
            SET state = CASE WHEN r.from_player THEN 'credited' ELSE 'review' END::pay.receipt_state,
                next_try_at = NULL, error = p_error
            WHERE r.charge_id = p_charge_id;
        WHEN 'later' THEN
            UPDATE pay.star_receipts AS r
            SET next_try_at = now() + make_interval(secs => p_retry_s), error = p_error
            WHERE r.charge_id = p_charge_id;
        END CASE;
    END IF;
    RETURN pay.result_of_charge(p_charge_id, v_status, false);
END
$function$;

COMMENT ON FUNCTION pay.settle_refund IS
    'What Telegram answered to a refund: done; refused (the Stars go back where they came from); later (asked again after p_retry_s). repeated: it was settled before.';
GRANT EXECUTE ON FUNCTION pay.settle_refund TO ct_settler;
