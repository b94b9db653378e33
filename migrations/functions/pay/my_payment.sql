-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_payment(p_payment_id uuid) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim();
END;

COMMENT ON FUNCTION pay.my_payment IS 'One payment of the claim''s user.';
GRANT EXECUTE ON FUNCTION pay.my_payment TO ct_player;
