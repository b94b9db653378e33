SET LOCAL ROLE ct_ledger;

-- Costs what is new: what was seen to be recorded is marked, and a receipt that is there, or an end it came to, stays.
CREATE OR REPLACE FUNCTION pay.unrecorded_stars(p_limit int)
    RETURNS TABLE (direction text, charge_id text, payload text, payer_id bigint, stars bigint, made_ms bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.star_transactions AS b SET matched = true
    FROM pay.star_receipts AS r
    WHERE b.purpose = 'invoice_payment' AND NOT b.matched AND r.charge_id = b.transaction_id
        AND (b.direction = 'in' OR r.state IN ('refunded', 'charged_back'));
    -- Refunds first: what came and went while nobody listened is then not credited at all.
    SELECT b.direction, b.transaction_id, coalesce(b.payload, i.payload, ''), b.payer_id, b.stars,
        (extract(epoch FROM b.made_at) * 1000)::bigint
    FROM pay.star_transactions AS b
    LEFT JOIN pay.star_transactions AS i
        ON i.bot_id = b.bot_id AND i.transaction_id = b.transaction_id AND i.direction = 'in'
    WHERE b.purpose = 'invoice_payment' AND NOT b.matched AND b.payer_id IS NOT NULL
    ORDER BY b.direction DESC, b.made_at
    LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.unrecorded_stars IS
    'Payments and refunds that Telegram has and that are not recorded here, in the order to record them.';
GRANT EXECUTE ON FUNCTION pay.unrecorded_stars TO ct_settler;
