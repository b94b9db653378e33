SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.gifts_known(p_transaction_ids text[]) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(array_agg(w.reference), '{}') FROM pay.withdrawals AS w WHERE w.reference = ANY (p_transaction_ids);
END;

COMMENT ON FUNCTION pay.gifts_known IS 'Which of Telegram''s transactions already show that some withdrawal was paid.';
GRANT EXECUTE ON FUNCTION pay.gifts_known TO ct_settler;
