SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.refund_stars(p_charge_id text) RETURNS pay.charge_result
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RETURN pay.result_of_charge(p_charge_id, pay.hold_refund(p_charge_id, 'operator', auth.actor()), false);
END
$function$;

COMMENT ON FUNCTION pay.refund_stars IS 'An operator''s wish to send a charge back; repeated, it is ok again.';
GRANT EXECUTE ON FUNCTION pay.refund_stars TO ct_operator, ct_errand;
