-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

-- An order is a price that is kept for a while: who may have many and pays the best one has the house's money.  So every
-- one counts that was not paid, whatever became of it.
CREATE OR REPLACE FUNCTION pay.order_pause(p_user_id bigint, p_now_ms bigint) RETURNS double precision
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT extract(epoch FROM min(o.created_at) + interval '1 hour' - to_timestamp(p_now_ms / 1000.0))::double precision
    FROM (
        SELECT p.created_at FROM pay.payments AS p
        WHERE p.user_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id))) AND p.state <> 'paid'
            AND p.created_at > to_timestamp(p_now_ms / 1000.0) - interval '1 hour'
        ORDER BY p.created_at DESC LIMIT 20
    ) AS o
    HAVING count(*) = 20;
END;

COMMENT ON FUNCTION pay.order_pause IS
    'After how many seconds a user may order again, of whose person''s orders of the last hour twenty were not paid; null: at once.';
