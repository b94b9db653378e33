SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.payout_differences(p_network text, p_grace_s double precision)
    RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sent AS (
        SELECT w.withdrawal_id, w.number, w.address, w.nanoton, w.reference, w.closed_at FROM pay.withdrawals AS w
        WHERE w.method = 'ton' AND w.network = p_network AND w.state = 'sent'
    ), left_us AS (
        SELECT o.* FROM pay.chain_outgoing AS o WHERE o.network = p_network
    ), unnamed AS (
        SELECT o.*, row_number() OVER (PARTITION BY o.destination, o.nanoton ORDER BY o.lt, o.position) AS place
        FROM left_us AS o
        WHERE o.explained_by IS NULL AND NOT EXISTS (SELECT FROM sent AS s WHERE s.reference = o.hash)
    ), by_word AS (
        -- An operator said that it left: no transaction is named, so one that fits is it.
        SELECT s.*, row_number() OVER (PARTITION BY s.address, s.nanoton ORDER BY s.number) AS place
        FROM sent AS s WHERE s.reference IS NULL
    )
    SELECT 'not_in_our_book', 'transaction ' || u.hash, u.nanoton || ' nanoton left for ' || u.destination
    FROM unnamed AS u LEFT JOIN by_word AS b
        ON b.address = u.destination AND b.nanoton = u.nanoton AND b.place = u.place
    WHERE b.withdrawal_id IS NULL AND u.made_at < now() - make_interval(secs => p_grace_s)
    UNION ALL
    SELECT 'not_in_chains_book', 'withdrawal ' || b.withdrawal_id, b.nanoton || ' nanoton to ' || b.address || ', by an operator''s word'
    FROM by_word AS b LEFT JOIN unnamed AS u
        ON u.destination = b.address AND u.nanoton = b.nanoton AND u.place = b.place
    WHERE u.hash IS NULL AND b.closed_at < now() - make_interval(secs => p_grace_s)
    UNION ALL
    SELECT 'not_in_chains_book', 'withdrawal ' || s.withdrawal_id, s.nanoton || ' nanoton to ' || s.address || ', transaction ' || s.reference
    FROM sent AS s
    WHERE s.reference IS NOT NULL AND s.closed_at < now() - make_interval(secs => p_grace_s)
        AND NOT EXISTS (SELECT FROM left_us AS o WHERE o.hash = s.reference)
    UNION ALL
    SELECT 'amount_differs', 'withdrawal ' || s.withdrawal_id,
        'ours ' || s.nanoton || ' nanoton to ' || s.address || ', the chain''s ' || o.nanoton || ' to ' || o.destination
    FROM sent AS s JOIN left_us AS o ON o.hash = s.reference
    WHERE (o.destination, o.nanoton) IS DISTINCT FROM (s.address, s.nanoton) AND o.explained_by IS NULL;
END;

COMMENT ON FUNCTION pay.payout_differences IS
    'What differs between the chain''s transactions of the paying wallets, as read, and our withdrawals; what is younger than p_grace_s is given time.';
GRANT EXECUTE ON FUNCTION pay.payout_differences TO ct_settler;
