SET LOCAL ROLE ct_owner;

CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RAISE EXCEPTION 'ledger.% is only ever added to', tg_table_name USING ERRCODE = 'integrity_constraint_violation';
END
$function$;

COMMENT ON FUNCTION ledger.refuse_change IS
    'Refuses to change, delete or truncate what the ledger holds, whoever asks.';
