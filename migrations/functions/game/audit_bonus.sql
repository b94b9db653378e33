SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.audit_bonus() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH account AS (
        SELECT coalesce(-sum(e.amount), 0) AS paid
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'bonus'
    ), runs AS (
        SELECT coalesce(sum(r.reward) FILTER (WHERE r.state = 'rewarded'), 0) AS rewarded,
            coalesce(sum(r.reward) FILTER (WHERE r.state = 'rewarded' OR r.held <> 'budget'), 0) AS promised
        FROM game.bonus_runs AS r
    )
    SELECT 'bonus_account_differs', 'ledger', 'paid ' || account.paid || ', rewarded ' || runs.rewarded
    FROM account, runs WHERE account.paid <> runs.rewarded
    UNION ALL
    SELECT 'bonus_budget_differs', 'budget', 'promised ' || b.promised || ', runs ' || runs.promised
    FROM game.bonus_budget AS b, runs WHERE b.promised <> runs.promised
    UNION ALL
    SELECT 'bonus_over_budget', 'run ' || r.run_id, 'promised ' || coalesce(r.promised::text, 'nothing')
        || ' of ' || coalesce(r.budget::text, 'nothing')
    FROM game.bonus_runs AS r
    WHERE (r.state = 'rewarded' OR r.held <> 'budget') AND (r.promised > r.budget OR r.promised IS NULL)
    UNION ALL
    SELECT 'bonus_not_once', 'user ' || r.user_id, count(*) || ' rewards'
    FROM game.bonus_runs AS r WHERE r.state = 'rewarded' GROUP BY r.user_id HAVING count(*) > 1
    UNION ALL
    SELECT 'bonus_not_paid', 'run ' || r.run_id,
        r.state || CASE WHEN t.transfer_id IS NULL THEN ', no transfer' ELSE ', transfer of ' || coalesce(e.amount, 0) END
    FROM game.bonus_runs AS r
    LEFT JOIN ledger.transfers AS t ON t.key = 'bonus:' || r.run_id
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
    LEFT JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = b.account_id
    WHERE coalesce(e.amount, 0) <> CASE WHEN r.state = 'rewarded' THEN r.reward ELSE 0 END;
END;

COMMENT ON FUNCTION game.audit_bonus IS
    'Everything that is wrong with the bonus''s money at this moment; no rows: nothing is.';
GRANT EXECUTE ON FUNCTION game.audit_bonus TO ct_settler;
