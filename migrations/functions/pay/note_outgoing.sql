SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_outgoing(
    p_network text, p_account text, p_lt bigint, p_lts bigint[], p_hashes text[], p_positions int[], p_destinations text[],
    p_nanotons bigint[], p_made bigint[]
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO pay.chain_wallets AS w (network, account, lt) VALUES (p_network, p_account, p_lt)
    ON CONFLICT (network, account) DO UPDATE SET lt = greatest(w.lt, excluded.lt);
    WITH added AS (
        INSERT INTO pay.chain_outgoing (network, account, lt, hash, position, destination, nanoton, made_at)
        SELECT p_network, p_account, t.lt, t.hash, t.position, t.destination, t.nanoton, to_timestamp(t.made)
        FROM unnest(p_lts, p_hashes, p_positions, p_destinations, p_nanotons, p_made)
            AS t (lt, hash, position, destination, nanoton, made)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM added;
END;

COMMENT ON FUNCTION pay.note_outgoing IS
    'Keeps transfers of a paying wallet, and that it was read up to p_lt without a gap; how many were not known.';
GRANT EXECUTE ON FUNCTION pay.note_outgoing TO ct_settler;
