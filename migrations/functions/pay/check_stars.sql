SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.check_stars(p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_now_ms bigint)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_payment pay.payments;
    v_user_id bigint;
BEGIN
    SELECT p.* INTO v_payment FROM pay.payments AS p WHERE p.invoice_payload = p_payload;
    v_user_id := (SELECT a.o_user_id FROM auth.telegram_account(p_payer_id) AS a);
    RETURN CASE
        WHEN v_payment.payment_id IS NULL THEN 'unknown'
        WHEN v_user_id IS DISTINCT FROM v_payment.user_id THEN 'foreign'
        WHEN p_currency <> 'XTR' THEN 'currency'
        WHEN p_stars <> v_payment.stars THEN 'amount'
        WHEN v_payment.state <> 'pending' THEN v_payment.state::text
        WHEN v_payment.expires_at <= to_timestamp(p_now_ms / 1000.0) THEN 'expired'
        ELSE coalesce(pay.deposit_refusal(v_payment.user_id, v_payment.stars), 'ok')
    END;
END
$function$;

COMMENT ON FUNCTION pay.check_stars IS
    'Whether Telegram may take this payment: ok, or what stands against it: unknown, foreign, currency, amount, the state of an order that does not wait, or a code of pay.deposit_refusal.';
GRANT EXECUTE ON FUNCTION pay.check_stars TO ct_chat;
