SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.star_offset() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(max(s.next_offset), 0) FROM pay.star_reconciliations AS s;
END;

COMMENT ON FUNCTION pay.star_offset IS 'How many of Telegram''s transactions have been read for good.';
GRANT EXECUTE ON FUNCTION pay.star_offset TO ct_settler;
