-- depends: pay.house_account
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.reconciliation_report() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN jsonb_build_object(
        'telegram', (
            SELECT to_jsonb(s) FROM pay.star_reconciliations AS s ORDER BY s.run_id DESC LIMIT 1
        ),
        'chain', (
            SELECT jsonb_build_object(
                'credited_nanoton', coalesce(sum(r.nanoton) FILTER (WHERE r.state = 'credited'), 0),
                'credited_stars', coalesce(sum(r.stars), 0),
                'ledger_stars', (
                    SELECT coalesce(-sum(e.amount), 0)
                    FROM ledger.entries AS e JOIN ledger.transfers AS t USING (transfer_id)
                    WHERE e.account_id = pay.house_account('chain') AND t.kind = 'deposit'
                ),
                'waiting', count(*) FILTER (WHERE r.state = 'review'),
                'waiting_nanoton', coalesce(sum(r.nanoton) FILTER (WHERE r.state = 'review'), 0),
                'paid_nanoton', (
                    SELECT coalesce(sum(w.nanoton), 0) FROM pay.withdrawals AS w WHERE w.state = 'sent'
                ),
                'left_nanoton', (
                    SELECT coalesce(sum(o.nanoton) FILTER (WHERE o.explained_by IS NULL), 0) FROM pay.chain_outgoing AS o
                ),
                'explained_nanoton', (
                    SELECT coalesce(sum(o.nanoton) FILTER (WHERE o.explained_by IS NOT NULL), 0)
                    FROM pay.chain_outgoing AS o
                )
            ) || coalesce((
                SELECT jsonb_build_object('finished_at', s.finished_at, 'differences', s.differences)
                FROM pay.chain_reconciliations AS s ORDER BY s.run_id DESC LIMIT 1
            ), jsonb_build_object('finished_at', NULL, 'differences', jsonb_build_array()))
            FROM pay.chain_receipts AS r
        )
    );

COMMENT ON FUNCTION pay.reconciliation_report IS
    'For operators: the latest reconciliations with Telegram and the chain with their differences, and the sums of what the chain brought and took.';
GRANT EXECUTE ON FUNCTION pay.reconciliation_report TO ct_settler;
