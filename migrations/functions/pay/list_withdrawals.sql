SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_withdrawals(p_state pay.withdrawal_state, p_user_id bigint, p_limit int)
    RETURNS SETOF pay.withdrawals
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.* FROM pay.withdrawals AS w
    WHERE (p_state IS NULL OR w.state = p_state) AND (p_user_id IS NULL OR w.user_id = p_user_id)
    ORDER BY w.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_withdrawals IS
    'For operators: the latest withdrawals, of a state or a user if one is named.';
GRANT EXECUTE ON FUNCTION pay.list_withdrawals TO ct_settler;
