SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.outside_books() RETURNS jsonb
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

DROP FUNCTION pay.latest_readings();
DROP FUNCTION pay.explain_outgoing(text, text);
DROP FUNCTION pay.note_chain_reading(text, text, bigint, bigint, int, bigint, boolean, text, int, jsonb, double precision);
DROP FUNCTION pay.payout_differences(text, double precision);
DROP FUNCTION pay.note_outgoing(text, text, bigint, bigint[], text[], int[], text[], bigint[], bigint[]);
DROP FUNCTION pay.chain_marks(text, text, text);
DROP FUNCTION pay.claim_chain_reading(double precision);

SET LOCAL ROLE ct_owner;
DROP TABLE pay.chain_reader;
DROP TABLE pay.chain_readings;
DROP TABLE pay.chain_outgoing;
DROP TABLE pay.chain_wallets;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
