SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.match_gift(p_withdrawal_id uuid, p_transaction_ids text[], OUT o_free text[], OUT o_unnamed bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (
        SELECT coalesce(array_agg(i.id ORDER BY i.place), '{}')
        FROM unnest(p_transaction_ids) WITH ORDINALITY AS i (id, place)
        WHERE NOT EXISTS (SELECT FROM pay.withdrawals AS o WHERE o.reference = i.id)
    ), (
        SELECT count(*) FROM pay.withdrawals AS o
        WHERE o.method = 'premium' AND o.telegram_id = w.telegram_id AND o.months = w.months
            AND o.withdrawal_id <> w.withdrawal_id AND o.reference IS NULL AND o.begun_at IS NOT NULL
            AND (o.state = 'sent' OR o.waits_for = 'unknown' OR o.state = 'returned' AND o.review = 'refused')
    )
    FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id;
END;

COMMENT ON FUNCTION pay.match_gift IS
    'Of Telegram''s transactions that look like this gift: those that count for no withdrawal yet, and of how many others alike it is not known which transaction is theirs.';
GRANT EXECUTE ON FUNCTION pay.match_gift TO ct_settler;
