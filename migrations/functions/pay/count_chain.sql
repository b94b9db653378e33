SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.count_chain(OUT o_credited bigint, OUT o_stars bigint, OUT o_review bigint, OUT o_ignored bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE r.state = 'credited'), coalesce(sum(r.stars), 0)::bigint,
        count(*) FILTER (WHERE r.state = 'review'), count(*) FILTER (WHERE r.state = 'ignored')
    FROM pay.chain_receipts AS r;
END;

COMMENT ON FUNCTION pay.count_chain IS 'How many receipts there are of each state, and the Stars credited for them.';
GRANT EXECUTE ON FUNCTION pay.count_chain TO ct_settler;
