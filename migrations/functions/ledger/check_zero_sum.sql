SET LOCAL ROLE ct_owner;

CREATE OR REPLACE FUNCTION ledger.check_zero_sum() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY transfer_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a transfer does not sum to zero' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION ledger.check_zero_sum IS 'All entries of a transfer are added by one statement and sum to zero.';
