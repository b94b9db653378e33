-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_payments(p_before bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p
    WHERE p.user_id = auth.claim() AND (p_before IS NULL OR p.number < p_before)
    ORDER BY p.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.my_payments IS 'Payments of the claim''s user, newest first, below a number.';
GRANT EXECUTE ON FUNCTION pay.my_payments TO ct_player;
