SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_star_transactions(
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

COMMENT ON FUNCTION pay.note_star_transactions IS 'Keeps transactions that Telegram has; how many were not known.';
GRANT EXECUTE ON FUNCTION pay.note_star_transactions TO ct_settler;
