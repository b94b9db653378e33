SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_payments(p_state pay.state, p_user_id bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p
    WHERE (p_state IS NULL OR p.state = p_state) AND (p_user_id IS NULL OR p.user_id = p_user_id)
    ORDER BY p.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_payments IS 'For operators: the latest payments, of a state or a user if one is named.';
GRANT EXECUTE ON FUNCTION pay.list_payments TO ct_operator;
