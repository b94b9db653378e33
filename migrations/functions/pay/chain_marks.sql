SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.chain_marks(p_network text, p_account text, p_wallet text, OUT o_checked_lt bigint, OUT o_wallet_lt bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (
        SELECT coalesce(max(s.to_lt), 0) FROM pay.chain_reconciliations AS s
        WHERE s.network = p_network AND s.account = p_account AND NOT s.incoming_differ
    ), (
        SELECT coalesce(max(w.lt), 0) FROM pay.chain_wallets AS w
        WHERE w.network = p_network AND w.account = p_wallet
    );
END;

COMMENT ON FUNCTION pay.chain_marks IS
    'Up to which logical time deposits were found to agree, and the paying wallet was read.';
GRANT EXECUTE ON FUNCTION pay.chain_marks TO ct_settler;
