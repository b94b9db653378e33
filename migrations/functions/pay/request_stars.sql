SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.request_stars(
    p_user_id bigint, p_payment_id uuid, p_payload text, p_stars bigint, p_created_ms bigint, p_expires_ms bigint,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_response bytea, OUT o_payment pay.payments, OUT o_pause_s double precision
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_subject text;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT k.o_status, k.o_subject, k.o_response INTO o_status, v_subject, o_response
    FROM game.take_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_payment_id::text) AS k;
    IF o_status = 'resume' THEN
        SELECT p.* INTO STRICT o_payment FROM pay.payments AS p WHERE p.payment_id = v_subject::uuid;
    END IF;
    IF o_status <> 'new' THEN
        RETURN;
    END IF;
    o_status := coalesce(
        pay.deposit_refusal(p_user_id, p_stars),
        -- Telegram takes Stars only of the Telegram account that logs in here.
        CASE WHEN (SELECT a.o_telegram_id FROM auth.payee(p_user_id) AS a) IS NULL THEN 'telegram_needed' END,
        CASE WHEN pay.pending_payments(p_user_id, p_created_ms) >= 20 THEN 'conflict' END
    );
    IF o_status IS NULL THEN
        o_pause_s := pay.order_pause(p_user_id, p_created_ms);
        o_status := CASE WHEN o_pause_s IS NOT NULL THEN 'rate_limited' END;
    END IF;
    IF o_status IS NOT NULL THEN
        PERFORM game.drop_key(p_user_id, p_endpoint, p_key);
        RETURN;
    END IF;
    INSERT INTO pay.payments AS p (payment_id, user_id, method, stars, created_at, expires_at, invoice_payload)
    VALUES (
        p_payment_id, p_user_id, 'stars', p_stars,
        to_timestamp(p_created_ms / 1000.0), to_timestamp(p_expires_ms / 1000.0), p_payload
    )
    RETURNING p.* INTO o_payment;
    o_status := 'new';
END
$function$;

COMMENT ON FUNCTION pay.request_stars IS
    'Orders Stars, once for a key. telegram_needed: nobody could pay it; conflict: twenty orders wait already; rate_limited: too many of the last hour were not paid, for o_pause_s. The claim must be the player''s.';
GRANT EXECUTE ON FUNCTION pay.request_stars TO ct_player;
