SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.explain_outgoing(p_hash text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    UPDATE pay.chain_outgoing AS o SET explained_by = auth.actor(), explained_at = now()
    WHERE o.hash = p_hash AND o.explained_by IS NULL
        AND NOT EXISTS (SELECT FROM pay.withdrawals AS w WHERE w.reference = p_hash AND w.address = o.destination);
    RETURN CASE
        WHEN FOUND OR EXISTS (SELECT FROM pay.chain_outgoing AS o WHERE o.hash = p_hash AND o.explained_by IS NOT NULL)
            THEN 'ok'
        WHEN EXISTS (SELECT FROM pay.chain_outgoing AS o WHERE o.hash = p_hash) THEN 'conflict'
        ELSE 'not_found'
    END;
END
$function$;

COMMENT ON FUNCTION pay.explain_outgoing IS
    'An operator''s word that a transfer from the paying wallet was the house''s own; repeated, it is ok again. conflict: it is a withdrawal.';
GRANT EXECUTE ON FUNCTION pay.explain_outgoing TO ct_operator;
