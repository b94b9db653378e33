SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.reverse_stars(
    p_charge_id text, p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_at_ms bigint
) RETURNS pay.charge_result
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_at timestamptz := to_timestamp(p_at_ms / 1000.0);
    v_receipt pay.star_receipts;
    v_lost bigint := 0;
    v_person_id bigint;
    v_status text;
BEGIN
    INSERT INTO pay.star_receipts (
        charge_id, state, payer_id, payload, stars, currency, booked, found_by, paid_at, closed_at, payment_id, user_id
    )
    SELECT p_charge_id, 'charged_back', p_payer_id, p_payload, p_stars, p_currency, false, 'reversal', v_at, now(),
        (SELECT p.payment_id FROM pay.payments AS p WHERE p.invoice_payload = p_payload), a.o_user_id
    FROM auth.telegram_account(p_payer_id) AS a
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        -- It came and went before it was known: nobody has got anything, and Telegram and the ledger agree without it.
        UPDATE pay.payments AS p SET state = 'refunded'
        WHERE p.invoice_payload = p_payload AND p.state IN ('pending', 'cancelled', 'expired')
            AND p.user_id = (SELECT a.o_user_id FROM auth.telegram_account(p_payer_id) AS a);
        v_status := 'unknown';
    ELSE
        SELECT r.* INTO STRICT v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
        PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
        IF v_receipt.state IN ('refunded', 'charged_back') THEN
            v_status := 'repeated';
        ELSIF v_receipt.state = 'refunding' THEN
            PERFORM pay.settle_refund(p_charge_id, 'done', NULL, 0);
            v_status := 'refunded';
        ELSE
            IF v_receipt.state = 'credited' THEN
                -- What is missing is owed by the person: no account may be opened or joined meanwhile.
                v_person_id := auth.hold_person(v_receipt.user_id);
                PERFORM FROM ledger.balances AS b WHERE b.user_id IN (SELECT auth.accounts_of(v_person_id))
                ORDER BY b.account_id FOR NO KEY UPDATE;
                SELECT greatest(v_receipt.stars - b.balance, 0) INTO STRICT v_lost
                FROM ledger.balances AS b WHERE b.user_id = v_receipt.user_id;
                PERFORM ledger.post(
                    'chargeback:' || p_charge_id, 'chargeback', NULL, NULL,
                    ARRAY[pay.player_account(v_receipt.user_id), pay.house_account('loss'), pay.house_account('telegram')],
                    ARRAY[v_lost - v_receipt.stars, -v_lost, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'refunded', credited = 0 WHERE p.payment_id = v_receipt.payment_id;
                IF v_lost > 0 THEN
                    INSERT INTO ledger.debts (charge_id, user_id, stars)
                    VALUES (p_charge_id, v_receipt.user_id, v_lost);
                    PERFORM ledger.call_debts(v_person_id, 'chargeback', 'chargeback:' || p_charge_id);
                    PERFORM auth.block_for_review(v_receipt.user_id, 'chargeback');
                END IF;
            ELSIF v_receipt.booked THEN
                PERFORM ledger.post(
                    'chargeback:' || p_charge_id, 'chargeback', NULL, NULL,
                    ARRAY[pay.house_account('suspense'), pay.house_account('telegram')],
                    ARRAY[-v_receipt.stars, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'refunded' WHERE p.payment_id = v_receipt.payment_id AND p.state = 'review';
            END IF;
            UPDATE pay.star_receipts AS r SET state = 'charged_back', lost = v_lost, closed_at = now()
            WHERE r.charge_id = p_charge_id;
            v_status := 'charged_back';
        END IF;
    END IF;
    RETURN pay.result_of_charge(p_charge_id, v_status, v_lost > 0);
END
$function$;

COMMENT ON FUNCTION pay.reverse_stars IS
    'Telegram gave a charge back to the payer: refunded (we had asked), charged_back (nobody had; what is spent is the house''s loss and the person''s debt, and the account is blocked for review), unknown (the charge itself never came), or repeated.';
GRANT EXECUTE ON FUNCTION pay.reverse_stars TO ct_chat;
