SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.credit_stars(
    p_charge_id text, p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_paid_ms bigint,
    p_late_s double precision, p_found_by text
) RETURNS pay.charge_result
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_paid_at timestamptz := to_timestamp(p_paid_ms / 1000.0);
    v_payment pay.payments;
    v_payer record;
    v_reason text;
    v_credit boolean;
    v_status text;
BEGIN
    -- Of many who bring the same charge, one inserts it; the others wait here for its commit.
    INSERT INTO pay.star_receipts (charge_id, state, payer_id, payload, stars, currency, booked, found_by, paid_at)
    VALUES (
        p_charge_id, 'review', p_payer_id, p_payload, p_stars, p_currency, p_currency = 'XTR' AND p_stars > 0, p_found_by,
        v_paid_at
    )
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN pay.result_of_charge(p_charge_id, 'repeated', false);
    END IF;
    SELECT a.o_user_id AS user_id, a.o_banned AS banned INTO v_payer FROM auth.telegram_account(p_payer_id) AS a;
    SELECT p.* INTO v_payment FROM pay.payments AS p WHERE p.invoice_payload = p_payload FOR NO KEY UPDATE;
    v_reason := CASE
        WHEN p_currency <> 'XTR' OR p_stars <= 0 THEN 'currency'
        WHEN v_payment.payment_id IS NULL THEN 'unknown'
        WHEN v_payer.user_id IS DISTINCT FROM v_payment.user_id THEN 'foreign'
        WHEN p_stars <> v_payment.stars THEN 'amount'
        WHEN v_payment.state IN ('paid', 'refunded') THEN 'surplus'
        WHEN v_paid_at > v_payment.expires_at + make_interval(secs => p_late_s) THEN 'late'
    END;
    v_credit := v_reason IS NULL;
    IF v_reason IS DISTINCT FROM 'currency' THEN
        PERFORM ledger.post(
            'deposit:stars:' || p_charge_id, 'deposit', NULL, v_reason,
            ARRAY[
                pay.house_account('telegram'),
                CASE WHEN v_credit THEN pay.player_account(v_payment.user_id) ELSE pay.house_account('suspense') END
            ],
            ARRAY[-p_stars, p_stars]
        );
    END IF;
    UPDATE pay.star_receipts AS r
    SET state = CASE WHEN v_credit THEN 'credited' ELSE 'review' END::pay.receipt_state, reason = v_reason,
        payment_id = v_payment.payment_id, user_id = v_payer.user_id
    WHERE r.charge_id = p_charge_id;
    IF v_credit THEN
        UPDATE pay.payments AS p SET state = 'paid', credited = p_stars, paid_at = v_paid_at
        WHERE p.payment_id = v_payment.payment_id;
        v_status := 'credited';
        -- Not where a debt was paid with it: what is left of it cannot be sent back, and waits on the balance.
        IF v_payer.banned AND pay.hold_refund(p_charge_id, 'banned', 'rule') = 'ok' THEN
            v_status := 'refunding';
        END IF;
    ELSIF v_reason IN ('surplus', 'late') THEN
        PERFORM pay.hold_refund(p_charge_id, v_reason, 'rule');
        IF v_reason = 'late' THEN
            UPDATE pay.payments AS p SET state = 'refunded', paid_at = v_paid_at WHERE p.payment_id = v_payment.payment_id;
        END IF;
        v_status := 'refunding';
    ELSE
        -- The owner's own Stars, but not those that were ordered: the order waits for an operator with them.
        IF v_reason = 'amount' AND v_payment.state IN ('pending', 'cancelled', 'expired') THEN
            UPDATE pay.payments AS p SET state = 'review' WHERE p.payment_id = v_payment.payment_id;
        END IF;
        v_status := 'review';
    END IF;
    RETURN pay.result_of_charge(p_charge_id, v_status, false);
END
$function$;

COMMENT ON FUNCTION pay.credit_stars IS
    'A charge that Telegram made, recorded once: credited (also after a cancel or expiry, whoever is banned), refunding (surplus; later than p_late_s after the expiry; banned, unless it paid a debt), review (unknown payload, another payer, another amount), or repeated.';
GRANT EXECUTE ON FUNCTION pay.credit_stars TO ct_chat;
