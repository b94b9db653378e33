SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.unrecorded_stars(p_limit int)
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

COMMENT ON FUNCTION pay.unrecorded_stars IS
    'Payments and refunds that Telegram has and that are not recorded here, in the order to record them.';
GRANT EXECUTE ON FUNCTION pay.unrecorded_stars TO ct_settler;
