SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_chain_reconciliation(
    p_network text, p_account text, p_from_lt bigint, p_to_lt bigint, p_incoming int, p_nanoton bigint, p_differ boolean,
    p_wallet text, p_outgoing int, p_differences jsonb, p_every_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.chain_reconciliation_schedule AS r SET due_at = now() + make_interval(secs => p_every_s);
    INSERT INTO pay.chain_reconciliations AS s (
        network, account, from_lt, to_lt, incoming, incoming_nanoton, incoming_differ, wallet, outgoing, differences
    ) VALUES (
        p_network, p_account, p_from_lt, p_to_lt, p_incoming, p_nanoton, p_differ, p_wallet, p_outgoing, p_differences
    )
    RETURNING s.run_id;
END;

COMMENT ON FUNCTION pay.note_chain_reconciliation IS 'Keeps what a comparison found, and says when the next is due.';
GRANT EXECUTE ON FUNCTION pay.note_chain_reconciliation TO ct_settler;
