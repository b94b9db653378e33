-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_withdrawals(p_before bigint, p_limit int) RETURNS SETOF pay.withdrawals
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.* FROM pay.withdrawals AS w
    WHERE w.user_id = auth.claim() AND (p_before IS NULL OR w.number < p_before)
    ORDER BY w.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.my_withdrawals IS 'Withdrawals of the claim''s user, newest first, below a number.';
GRANT EXECUTE ON FUNCTION pay.my_withdrawals TO ct_player;
