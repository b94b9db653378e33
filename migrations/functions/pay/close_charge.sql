SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.close_charge(p_charge_id text) RETURNS pay.charge_result
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_by text := auth.actor();
BEGIN
    SELECT r.* INTO v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN pay.result_of_charge(p_charge_id, 'not_found', false);
    ELSIF v_receipt.state = 'refunding' THEN
        -- Telegram neither does it nor refuses it: the Stars go back where they came from.  Should Telegram do it all
        -- the same, its list tells, and then it is a charge-back.
        PERFORM pay.settle_refund(p_charge_id, 'refused', left('given up by ' || v_by, 200), 0);
    ELSIF v_receipt.state = 'review' AND NOT v_receipt.booked THEN
        -- It is in no ledger: nothing moves.
        UPDATE pay.star_receipts AS r SET state = 'refunded', closed_at = now(), asked_by = v_by, asked_at = now()
        WHERE r.charge_id = p_charge_id;
    ELSIF v_receipt.booked OR v_receipt.state <> 'refunded' THEN
        RETURN pay.result_of_charge(p_charge_id, 'conflict', false);
    END IF;
    RETURN pay.result_of_charge(p_charge_id, 'ok', false);
END
$function$;

COMMENT ON FUNCTION pay.close_charge IS
    'An operator''s way out where none is left: a refund that does not come to an end is given up; a charge in another currency, which the ledger does not have, is closed. conflict: there is another way.';
GRANT EXECUTE ON FUNCTION pay.close_charge TO ct_operator;
