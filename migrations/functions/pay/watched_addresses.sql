SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.watched_addresses(p_network text) RETURNS TABLE (
    account text, lt bigint, gap boolean, expected_until timestamptz
)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.account, c.lt, c.gap_since IS NOT NULL, (
        SELECT max(p.expires_at) FROM pay.payments AS p
        WHERE p.method = 'ton' AND p.ton_network = c.network AND p.ton_address = c.account
    )
    FROM pay.chain_cursors AS c WHERE c.network = p_network;
END;

COMMENT ON FUNCTION pay.watched_addresses IS
    'Every address that was ever given to players on a network, how far it was read, and when the last order for it ended or ends.';
GRANT EXECUTE ON FUNCTION pay.watched_addresses TO ct_settler;
