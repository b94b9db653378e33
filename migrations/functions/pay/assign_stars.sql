SET LOCAL ROLE ct_ledger;

-- It goes from `suspense` to that player, as the player's own order where the charge names one that waits, else as a
-- payment of its own.  From then on it is a charge like any other: it can be sent back, and taken back.
CREATE OR REPLACE FUNCTION pay.assign_stars(p_charge_id text, p_user_id bigint) RETURNS pay.charge_result
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_order pay.payments;
    v_payment_id uuid;
BEGIN
    SELECT r.* INTO v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN pay.result_of_charge(p_charge_id, 'not_found', false);
    ELSIF EXISTS (
        SELECT FROM pay.star_assignments AS s WHERE s.charge_id = p_charge_id AND s.user_id = p_user_id
    ) THEN
        RETURN pay.result_of_charge(p_charge_id, 'ok', false);
    ELSIF v_receipt.state <> 'review' OR NOT v_receipt.booked THEN
        RETURN pay.result_of_charge(p_charge_id, 'conflict', false);
    ELSIF pay.player_account(p_user_id) IS NULL THEN
        RETURN pay.result_of_charge(p_charge_id, 'no_user', false);
    END IF;
    SELECT p.* INTO v_order FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    IF v_order.user_id = p_user_id AND v_order.state IN ('pending', 'cancelled', 'expired', 'review') THEN
        v_payment_id := v_order.payment_id;
        UPDATE pay.payments AS p SET state = 'paid', credited = v_receipt.stars, paid_at = v_receipt.paid_at
        WHERE p.payment_id = v_payment_id;
    ELSE
        v_payment_id := gen_random_uuid();
        INSERT INTO pay.payments (
            payment_id, user_id, method, state, stars, credited, created_at, expires_at, paid_at, invoice_payload
        )
        VALUES (
            v_payment_id, p_user_id, 'stars', 'paid', v_receipt.stars, v_receipt.stars, now(),
            now() + interval '1 second', v_receipt.paid_at, 'assigned:' || v_payment_id
        );
        -- The order that waited with it was not paid: it is over, and can still be paid.
        UPDATE pay.payments AS p SET state = 'expired', closed_at = coalesce(p.closed_at, now())
        WHERE p.payment_id = v_order.payment_id AND p.state = 'review';
    END IF;
    PERFORM ledger.post(
        'deposit_assigned:' || p_charge_id, 'deposit', NULL, 'assigned',
        ARRAY[pay.house_account('suspense'), pay.player_account(p_user_id)], ARRAY[-v_receipt.stars, v_receipt.stars]
    );
    UPDATE pay.star_receipts AS r SET state = 'credited', user_id = p_user_id, payment_id = v_payment_id, error = NULL
    WHERE r.charge_id = p_charge_id;
    INSERT INTO pay.star_assignments (charge_id, user_id, payment_id, assigned_by, attempts)
    VALUES (p_charge_id, p_user_id, v_payment_id, auth.actor(), v_receipt.attempt);
    RETURN pay.result_of_charge(p_charge_id, 'ok', false);
END
$function$;

COMMENT ON FUNCTION pay.assign_stars IS
    'An operator''s word whose a charge in review is; repeated, it is ok again. conflict: it does not wait, was given to another, or the ledger does not have it; no_user: there is no such player.';
GRANT EXECUTE ON FUNCTION pay.assign_stars TO ct_operator;
