SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.star_offset(p_bot_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(max(b.next_offset), 0) FROM pay.star_books AS b WHERE b.bot_id = p_bot_id;
END;

COMMENT ON FUNCTION pay.star_offset IS 'How many of a bot''s transactions have been read for good.';
GRANT EXECUTE ON FUNCTION pay.star_offset TO ct_settler;
