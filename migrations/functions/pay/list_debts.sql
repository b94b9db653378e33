-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.list_debts(p_open boolean, p_user_id bigint, p_limit int) RETURNS SETOF ledger.debts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT d.* FROM ledger.debts AS d
    WHERE (NOT p_open OR d.closed_at IS NULL)
        AND (p_user_id IS NULL OR d.user_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id))))
    ORDER BY d.debt_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_debts IS
    'For operators: the latest debts, all or the open ones, of everybody or of the person who has that account.';
GRANT EXECUTE ON FUNCTION pay.list_debts TO ct_operator;
