SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_star_transactions(
    p_bot_id bigint, p_next_offset bigint, p_lease_s double precision,
    p_ids text[], p_directions text[], p_stars bigint[], p_nanostars int[], p_made_ms bigint[], p_partners text[],
    p_purposes text[], p_payer_ids bigint[], p_payloads text[]
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO pay.star_books AS b (bot_id, next_offset) VALUES (p_bot_id, p_next_offset)
    ON CONFLICT (bot_id) DO UPDATE SET next_offset = excluded.next_offset, read_at = now();
    -- Who reads a long list has it for as long as pages come.
    UPDATE pay.star_reconciliation_schedule AS r SET due_at = greatest(r.due_at, now() + make_interval(secs => p_lease_s));
    -- Kept before bots were told apart: whose it is turns out now.
    UPDATE pay.star_transactions AS b SET bot_id = p_bot_id
    FROM unnest(p_ids, p_directions) AS t (id, direction)
    WHERE b.bot_id = 0 AND b.transaction_id = t.id AND b.direction = t.direction;
    WITH added AS (
        INSERT INTO pay.star_transactions (
            bot_id, transaction_id, direction, stars, nanostars, made_at, partner, purpose, payer_id, payload
        )
        SELECT p_bot_id, t.id, t.direction, t.stars, t.nanostars, to_timestamp(t.made_ms / 1000.0), t.partner, t.purpose, t.payer_id,
            t.payload
        FROM unnest(
            p_ids, p_directions, p_stars, p_nanostars, p_made_ms, p_partners, p_purposes, p_payer_ids, p_payloads
        ) AS t (id, direction, stars, nanostars, made_ms, partner, purpose, payer_id, payload)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM added;
END;

COMMENT ON FUNCTION pay.note_star_transactions IS 'Keeps a page of a bot''s transactions, and with it how far its list is read; how many were not known.';
GRANT EXECUTE ON FUNCTION pay.note_star_transactions TO ct_settler;
