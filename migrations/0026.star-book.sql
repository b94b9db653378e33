-- Telegram's book of the bot's Stars held against ours: what was read, what of it is not recorded here, what differs.
-- And what operators see and do: by their own role.
-- depends: 0021.stars 0024.sessions-and-bans

SET LOCAL ROLE ct_owner;
GRANT USAGE ON SCHEMA pay TO ct_operator;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
GRANT CREATE ON SCHEMA auth TO ct_auth;

CREATE TABLE pay.star_reader (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    due_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO pay.star_reader DEFAULT VALUES;

COMMENT ON TABLE pay.star_reader IS 'One row: so that of many workers one reads Telegram''s book.';
COMMENT ON COLUMN pay.star_reader.one IS 'True.';
COMMENT ON COLUMN pay.star_reader.due_at IS 'When it is to be read next.';

GRANT SELECT, UPDATE ON pay.star_reader TO ct_ledger;

SET LOCAL ROLE ct_auth;

-- As an operator's ban: sessions end, and the history has it.
CREATE OR REPLACE FUNCTION auth.block_for_review(p_user_id bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF EXISTS (SELECT FROM auth.users AS a WHERE a.user_id = p_user_id AND a.banned_at IS NULL) THEN
        PERFORM auth.ban(p_user_id, p_reason, 'rule');
    END IF;
END
$function$;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.claim_star_reading(p_lease_s double precision) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH taken AS (
        UPDATE pay.star_reader AS r SET due_at = now() + make_interval(secs => p_lease_s)
        WHERE r.due_at <= now() RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken);
END;

COMMENT ON FUNCTION pay.claim_star_reading(double precision) IS 'Whether Telegram''s book is due to be read; then it is the caller''s for so many seconds.';

CREATE FUNCTION pay.star_offset() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(max(s.next_offset), 0) FROM pay.star_reconciliations AS s;
END;

COMMENT ON FUNCTION pay.star_offset() IS 'How many of Telegram''s transactions have been read for good.';

CREATE FUNCTION pay.note_star_transactions(
    p_ids text[], p_directions text[], p_stars bigint[], p_nanostars int[], p_made_ms bigint[], p_partners text[],
    p_purposes text[], p_payer_ids bigint[], p_payloads text[]
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH added AS (
        INSERT INTO pay.star_transactions (
            transaction_id, direction, stars, nanostars, made_at, partner, purpose, payer_id, payload
        )
        SELECT t.id, t.direction, t.stars, t.nanostars, to_timestamp(t.made_ms / 1000.0), t.partner, t.purpose, t.payer_id,
            t.payload
        FROM unnest(
            p_ids, p_directions, p_stars, p_nanostars, p_made_ms, p_partners, p_purposes, p_payer_ids, p_payloads
        ) AS t (id, direction, stars, nanostars, made_ms, partner, purpose, payer_id, payload)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM added;
END;

COMMENT ON FUNCTION pay.note_star_transactions(text[], text[], bigint[], int[], bigint[], text[], text[], bigint[], text[]) IS
    'Keeps transactions of Telegram''s book; how many were not known.';

CREATE FUNCTION pay.unrecorded_stars(p_limit int)
    RETURNS TABLE (direction text, charge_id text, payload text, payer_id bigint, stars bigint, made_ms bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- Refunds first: what came and went while nobody listened is then not credited at all.
    SELECT b.direction, b.transaction_id, coalesce(b.payload, i.payload, ''), b.payer_id, b.stars,
        (extract(epoch FROM b.made_at) * 1000)::bigint
    FROM pay.star_transactions AS b
    LEFT JOIN pay.star_transactions AS i ON i.transaction_id = b.transaction_id AND i.direction = 'in'
    LEFT JOIN pay.star_receipts AS r ON r.charge_id = b.transaction_id
    WHERE b.purpose = 'invoice_payment' AND b.payer_id IS NOT NULL
        AND CASE b.direction
            WHEN 'in' THEN r.charge_id IS NULL
            ELSE r.charge_id IS NULL OR r.state NOT IN ('refunded', 'charged_back')
        END
    ORDER BY b.direction DESC, b.made_at
    LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.unrecorded_stars(int) IS 'Payments and refunds of Telegram''s book that are not in ours, in the order to record them.';

CREATE FUNCTION pay.star_differences(p_grace_s double precision) RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH known AS (
        SELECT r.*, now() - make_interval(secs => p_grace_s) AS settled_at FROM pay.star_receipts AS r
    ), payouts AS (
        SELECT coalesce(sum(e.amount), 0) AS stars, max(t.created_at) AS last_at
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind = 'telegram' AND t.kind = 'payout'
    ), premium AS (
        SELECT coalesce(sum(b.stars), 0) AS stars, max(b.made_at) AS last_at
        FROM pay.star_transactions AS b WHERE b.direction = 'out' AND b.purpose = 'premium_purchase'
    )
    SELECT 'not_in_our_book', 'charge ' || b.transaction_id, b.direction || ', ' || b.stars || ' Stars'
    FROM pay.star_transactions AS b LEFT JOIN known AS r ON r.charge_id = b.transaction_id
    WHERE b.purpose = 'invoice_payment'
        AND (r.charge_id IS NULL OR b.direction = 'out' AND r.state NOT IN ('refunded', 'charged_back'))
    UNION ALL
    SELECT 'not_in_telegrams_book', 'charge ' || r.charge_id, 'in, ' || r.stars || ' ' || r.currency || ', ' || r.state
    FROM known AS r LEFT JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id AND b.direction = 'in'
    WHERE b.transaction_id IS NULL AND r.received_at < r.settled_at
    UNION ALL
    SELECT 'not_in_telegrams_book', 'charge ' || r.charge_id, 'out, ' || r.stars || ' ' || r.currency || ', ' || r.state
    FROM known AS r LEFT JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id AND b.direction = 'out'
    WHERE b.transaction_id IS NULL AND r.closed_at < r.settled_at
    UNION ALL
    SELECT 'amount_differs', 'charge ' || r.charge_id,
        b.direction || ', Telegram ' || b.stars || ' of ' || coalesce(b.payer_id::text, 'nobody')
        || ', ours ' || r.stars || ' of ' || r.payer_id
    FROM known AS r JOIN pay.star_transactions AS b ON b.transaction_id = r.charge_id
    WHERE b.stars <> r.stars OR b.nanostars <> 0 OR b.payer_id IS DISTINCT FROM r.payer_id
    UNION ALL
    SELECT 'refund_stuck', 'charge ' || r.charge_id, r.stars || ' Stars: ' || coalesce(r.error, 'not asked for')
    FROM known AS r WHERE r.state = 'refunding' AND r.asked_at < r.settled_at
    UNION ALL
    SELECT 'payouts_differ', 'premium', 'Telegram ' || premium.stars || ', ours ' || payouts.stars
    FROM payouts, premium
    WHERE premium.stars <> payouts.stars
        AND greatest(premium.last_at, payouts.last_at) < now() - make_interval(secs => p_grace_s);
END;

COMMENT ON FUNCTION pay.star_differences(double precision) IS
    'What differs between Telegram''s book, as read, and ours; what is younger than p_grace_s in ours is given time to show up there.';

CREATE FUNCTION pay.star_sums(OUT book bigint, OUT ledger bigint, OUT outside bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(CASE b.direction WHEN 'in' THEN b.stars ELSE -b.stars END), 0)::bigint,
        (
            SELECT coalesce(-sum(e.amount), 0)::bigint
            FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) WHERE a.kind = 'telegram'
        ),
        coalesce(sum(CASE b.direction WHEN 'in' THEN b.stars ELSE -b.stars END)
            FILTER (WHERE b.purpose NOT IN ('invoice_payment', 'premium_purchase')), 0)::bigint
    FROM pay.star_transactions AS b;
END;

COMMENT ON FUNCTION pay.star_sums() IS
    'What the bot should hold: by Telegram''s transactions, by our ledger, and how much of the first is none of the ledger''s.';

CREATE FUNCTION pay.note_reconciliation(
    p_from bigint, p_next bigint, p_new int, p_credited int, p_reversed int, p_telegram bigint, p_book bigint,
    p_ledger bigint, p_outside bigint, p_settled boolean, p_differences jsonb, p_every_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.star_reader AS r SET due_at = now() + make_interval(secs => p_every_s);
    INSERT INTO pay.star_reconciliations AS s (
        from_offset, next_offset, new_transactions, credited, reversed, telegram_stars, book_stars, ledger_stars,
        outside_stars, settled, differences
    ) VALUES (
        p_from, p_next, p_new, p_credited, p_reversed, p_telegram, p_book, p_ledger, p_outside, p_settled, p_differences
    )
    RETURNING s.run_id;
END;

COMMENT ON FUNCTION pay.note_reconciliation(bigint, bigint, int, int, int, bigint, bigint, bigint, bigint, boolean, jsonb, double precision) IS
    'Keeps what a reading found, and says when the next is due.';

CREATE FUNCTION pay.list_receipts(p_open boolean, p_user_id bigint, p_limit int) RETURNS SETOF pay.star_receipts
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.* FROM pay.star_receipts AS r
    WHERE (NOT p_open OR r.state IN ('review', 'refunding')) AND (p_user_id IS NULL OR r.user_id = p_user_id)
    ORDER BY r.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_receipts(boolean, bigint, int) IS 'For operators: the latest charges, or those that wait for somebody.';

CREATE FUNCTION pay.payment_report(p_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH charges AS (
        SELECT r.* FROM pay.star_receipts AS r WHERE r.charge_id = p_id OR r.payment_id::text = p_id
    ), orders AS (
        SELECT p.* FROM pay.payments AS p
        WHERE p.payment_id::text = p_id OR p.payment_id IN (SELECT c.payment_id FROM charges AS c)
    ), keys AS (
        SELECT k.key FROM charges AS c, LATERAL (
            VALUES ('deposit:stars:' || c.charge_id), ('deposit_refunded:' || c.charge_id), ('chargeback:' || c.charge_id)
        ) AS k (key)
        UNION ALL
        SELECT k.key FROM charges AS c, generate_series(1, c.attempt) AS n, LATERAL (
            VALUES ('deposit_refund:' || c.charge_id || ':' || n), ('deposit_refund_back:' || c.charge_id || ':' || n)
        ) AS k (key)
    )
    SELECT CASE WHEN EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM charges) THEN jsonb_build_object(
        'payment', (SELECT to_jsonb(o) - 'invoice_payload' FROM orders AS o),
        'charges', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.number), '[]') FROM charges AS c),
        'telegram', (
            SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.made_at, b.direction), '[]')
            FROM pay.star_transactions AS b WHERE b.transaction_id IN (SELECT c.charge_id FROM charges AS c)
        ),
        'transfers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'transfer_id', t.transfer_id, 'key', t.key, 'kind', t.kind, 'reason', t.reason, 'at', t.created_at,
                'entries', (
                    SELECT jsonb_agg(jsonb_build_object(
                        'account', a.kind, 'user_id', a.user_id, 'amount', e.amount, 'balance_after', e.balance_after
                    ) ORDER BY e.entry_id)
                    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
                    WHERE e.transfer_id = t.transfer_id
                )
            ) ORDER BY t.transfer_id), '[]')
            FROM ledger.transfers AS t JOIN keys AS k USING (key)
        )
    ) END;
END;

COMMENT ON FUNCTION pay.payment_report(text) IS
    'A payment, by its id or by one of its charges, with everything that is known of it; null: there is none.';

REVOKE EXECUTE ON FUNCTION pay.refund_stars(text, text), pay.list_payments(pay.state, bigint, int) FROM ct_settler;
GRANT EXECUTE ON FUNCTION
    pay.refund_stars(text, text), pay.list_payments(pay.state, bigint, int), pay.list_receipts(boolean, bigint, int),
    pay.payment_report(text)
TO ct_operator;
GRANT EXECUTE ON FUNCTION
    pay.claim_star_reading(double precision),
    pay.star_offset(),
    pay.note_star_transactions(text[], text[], bigint[], int[], bigint[], text[], text[], bigint[], text[]),
    pay.unrecorded_stars(int),
    pay.star_differences(double precision),
    pay.star_sums(),
    pay.note_reconciliation(bigint, bigint, int, int, int, bigint, bigint, bigint, bigint, boolean, jsonb, double precision)
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
RESET ROLE;
