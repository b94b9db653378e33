-- What moved in a period and where the Stars are, for operators; and what was found against the outside books.
-- depends: 0023.withdrawals 0026.star-book 0027.chain

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.money_flows(p_from timestamptz, p_to timestamptz) RETURNS TABLE (kind text, account text, stars bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.kind::text, a.kind::text, sum(e.amount)::bigint
    FROM ledger.transfers AS t JOIN ledger.entries AS e USING (transfer_id) JOIN ledger.accounts AS a USING (account_id)
    WHERE (p_from IS NULL OR t.created_at >= p_from) AND (p_to IS NULL OR t.created_at < p_to)
    GROUP BY t.kind, a.kind;
END;

COMMENT ON FUNCTION pay.money_flows(timestamptz, timestamptz) IS
    'For operators: what transfers of each kind put on accounts of each kind, from a moment on and before another.';

CREATE FUNCTION pay.outside_books() RETURNS jsonb
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
                )
            )
            FROM pay.chain_receipts AS r
        )
    );

COMMENT ON FUNCTION pay.outside_books() IS
    'For operators: the latest reading of Telegram''s book with its differences, and the sums of what the chain brought and took.';

GRANT EXECUTE ON FUNCTION pay.money_flows(timestamptz, timestamptz), pay.outside_books() TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
