SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.cancel_payment(p_payment_id uuid, OUT o_status text, OUT o_payment pay.payments)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim() FOR NO KEY UPDATE;
    o_status := CASE
        WHEN o_payment.payment_id IS NULL THEN 'not_found'
        WHEN o_payment.state IN ('pending', 'cancelled') THEN 'ok'
        ELSE 'conflict'
    END;
    IF o_payment.state = 'pending' THEN
        UPDATE pay.payments AS p SET state = 'cancelled', closed_at = now()
        WHERE p.payment_id = p_payment_id RETURNING p.* INTO o_payment;
    END IF;
END
$function$;

COMMENT ON FUNCTION pay.cancel_payment IS
    'The claim''s user no longer wants to pay; repeated, it is ok again. conflict: it came to another end. A payment that arrives all the same is credited.';
GRANT EXECUTE ON FUNCTION pay.cancel_payment TO ct_player;
