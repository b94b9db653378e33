SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.next_query() RETURNS int
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (n / 1023) * 1024 + n % 1023 FROM nextval('pay.highload_queries') AS n;
END;

COMMENT ON FUNCTION pay.next_query IS
    'A number for a message of the paying wallet, not used in the eight million before it.';
GRANT EXECUTE ON FUNCTION pay.next_query TO ct_settler;
