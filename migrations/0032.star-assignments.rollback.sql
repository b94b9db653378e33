SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
SET LOCAL ROLE ct_ledger;
DROP FUNCTION pay.assign_stars(text, bigint, text);

CREATE OR REPLACE FUNCTION pay.settle_refund(
    p_charge_id text, p_outcome text, p_error text, p_retry_s double precision
) RETURNS pay.charge
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_status text;
BEGIN
    SELECT r.* INTO STRICT v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    v_status := 'repeated';
    IF v_receipt.state = 'refunding' THEN
        v_status := p_outcome;
        CASE p_outcome
        WHEN 'done' THEN
            PERFORM ledger.post(
                'deposit_refunded:' || p_charge_id, 'deposit_refund', NULL, v_receipt.reason,
                ARRAY[pay.house_account('suspense'), pay.house_account('telegram')],
                ARRAY[-v_receipt.stars, v_receipt.stars]
            );
            UPDATE pay.star_receipts AS r SET state = 'refunded', closed_at = now(), next_try_at = NULL, error = p_error
            WHERE r.charge_id = p_charge_id;
        WHEN 'refused' THEN
            IF v_receipt.from_player THEN
                PERFORM ledger.post(
                    'deposit_refund_back:' || p_charge_id || ':' || v_receipt.attempt, 'deposit_refund', NULL, 'refused',
                    ARRAY[pay.house_account('suspense'), pay.player_account(v_receipt.user_id)],
                    ARRAY[-v_receipt.stars, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'paid', credited = v_receipt.stars
                WHERE p.payment_id = v_receipt.payment_id;
            ELSIF v_receipt.reason = 'late' THEN
                UPDATE pay.payments AS p SET state = 'review' WHERE p.payment_id = v_receipt.payment_id;
            END IF;
            UPDATE pay.star_receipts AS r
            SET state = CASE WHEN r.from_player THEN 'credited' ELSE 'review' END::pay.receipt_state,
                next_try_at = NULL, error = p_error
            WHERE r.charge_id = p_charge_id;
        WHEN 'later' THEN
            UPDATE pay.star_receipts AS r
            SET next_try_at = now() + make_interval(secs => p_retry_s), error = p_error
            WHERE r.charge_id = p_charge_id;
        END CASE;
    END IF;
    RETURN pay.standing(p_charge_id, v_status, false);
END
$function$;

CREATE OR REPLACE FUNCTION pay.payment_report(p_id text) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH charges AS (
        SELECT r.* FROM pay.star_receipts AS r WHERE r.charge_id = p_id OR r.payment_id::text = p_id
    ), orders AS (
        SELECT p.* FROM pay.payments AS p
        WHERE p.payment_id::text = p_id OR p.payment_id IN (SELECT c.payment_id FROM charges AS c)
    ), keys AS (
        SELECT k.key FROM charges AS c, LATERAL (
            VALUES ('deposit:stars:' || c.charge_id), ('deposit_refunded:' || c.charge_id), ('chargeback:' || c.charge_id)
        ) AS k (key)
        UNION ALL
        SELECT k.key FROM charges AS c, generate_series(1, c.attempt) AS n, LATERAL (
            VALUES ('deposit_refund:' || c.charge_id || ':' || n), ('deposit_refund_back:' || c.charge_id || ':' || n)
        ) AS k (key)
    )
    SELECT CASE WHEN EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM charges) THEN jsonb_build_object(
        'payment', (SELECT to_jsonb(o) - 'invoice_payload' FROM orders AS o),
        'charges', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.number), '[]') FROM charges AS c),
        'telegram', (
            SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.made_at, b.direction), '[]')
            FROM pay.star_transactions AS b WHERE b.transaction_id IN (SELECT c.charge_id FROM charges AS c)
        ),
        'transfers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'transfer_id', t.transfer_id, 'key', t.key, 'kind', t.kind, 'reason', t.reason, 'at', t.created_at,
                'entries', (
                    SELECT jsonb_agg(jsonb_build_object(
                        'account', a.kind, 'user_id', a.user_id, 'amount', e.amount, 'balance_after', e.balance_after
                    ) ORDER BY e.entry_id)
                    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
                    WHERE e.transfer_id = t.transfer_id
                )
            ) ORDER BY t.transfer_id), '[]')
            FROM ledger.transfers AS t JOIN keys AS k USING (key)
        )
    ) END;
END;

SET LOCAL ROLE ct_owner;
DROP TABLE pay.star_assignments;
COMMENT ON COLUMN pay.star_receipts.user_id IS 'The account of the Telegram user who paid, if there is one.';
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
