SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.star_sums(p_bot_id bigint, OUT book bigint, OUT ledger bigint, OUT outside bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(CASE b.direction WHEN 'in' THEN b.stars ELSE -b.stars END), 0)::bigint,
        (
            SELECT coalesce(-sum(e.amount), 0)::bigint
            FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'telegram'
        ),
        coalesce(sum(CASE b.direction WHEN 'in' THEN b.stars ELSE -b.stars END)
            FILTER (WHERE b.purpose NOT IN ('invoice_payment', 'premium_purchase')), 0)::bigint
    FROM pay.star_transactions AS b WHERE b.bot_id = p_bot_id;
END;

COMMENT ON FUNCTION pay.star_sums IS
    'What a bot should hold: by Telegram''s transactions, by our ledger, and how much of the first is none of the ledger''s.';
GRANT EXECUTE ON FUNCTION pay.star_sums TO ct_settler;
