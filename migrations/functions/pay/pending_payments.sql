SET LOCAL ROLE ct_ledger;

-- The limit of orders that wait holds for many requests at once too: they wait here for each other.
CREATE OR REPLACE FUNCTION pay.pending_payments(p_user_id bigint, p_now_ms bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.orders', auth.person_of(p_user_id)));
    RETURN (
        SELECT count(*) FROM pay.payments AS p
        WHERE p.user_id = p_user_id AND p.state = 'pending' AND p.expires_at > to_timestamp(p_now_ms / 1000.0)
    );
END
$function$;

COMMENT ON FUNCTION pay.pending_payments IS
    'How many orders of a user wait at that moment of Redis''s clock. Who asks is alone with the orders of that user''s person until its transaction ends.';
