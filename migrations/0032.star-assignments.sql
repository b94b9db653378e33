-- An operator says whose a charge of Stars is that nobody could be credited for: it goes from `suspense` to that player,
-- as the player's own order where the charge names one that waits, else as a payment of its own.  From then on it is a
-- charge like any other: it can be sent back, and taken back.
-- depends: 0026.star-book

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;

CREATE TABLE pay.star_assignments (
    charge_id text PRIMARY KEY REFERENCES pay.star_receipts,
    user_id bigint NOT NULL REFERENCES public.users,
    payment_id uuid NOT NULL REFERENCES pay.payments,
    assigned_by varchar(100) NOT NULL,
    login name NOT NULL DEFAULT session_user,
    assigned_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE pay.star_assignments IS 'Charges of Stars that an operator gave to a player. Only ever added to.';
COMMENT ON COLUMN pay.star_assignments.charge_id IS 'The charge.';
COMMENT ON COLUMN pay.star_assignments.user_id IS 'Whose it is.';
COMMENT ON COLUMN pay.star_assignments.payment_id IS 'The payment it counts for.';
COMMENT ON COLUMN pay.star_assignments.assigned_by IS 'Which operator.';
COMMENT ON COLUMN pay.star_assignments.login IS 'The database login it came from.';
COMMENT ON COLUMN pay.star_assignments.assigned_at IS 'When.';
COMMENT ON COLUMN pay.star_receipts.user_id IS
    'The account of the Telegram user who paid, if there is one; once an operator said so, whose the charge is.';

GRANT SELECT, INSERT ON pay.star_assignments TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.assign_stars(p_charge_id text, p_user_id bigint, p_by text) RETURNS pay.charge
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_order pay.payments;
    v_payment_id uuid;
BEGIN
    SELECT r.* INTO v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN pay.standing(p_charge_id, 'not_found', false);
    ELSIF EXISTS (
        SELECT FROM pay.star_assignments AS s WHERE s.charge_id = p_charge_id AND s.user_id = p_user_id
    ) THEN
        RETURN pay.standing(p_charge_id, 'ok', false);
    ELSIF v_receipt.state <> 'review' OR NOT v_receipt.booked THEN
        RETURN pay.standing(p_charge_id, 'conflict', false);
    ELSIF pay.player_account(p_user_id) IS NULL THEN
        RETURN pay.standing(p_charge_id, 'no_user', false);
    END IF;
    SELECT p.* INTO v_order FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    IF v_order.user_id = p_user_id AND v_order.state IN ('pending', 'cancelled', 'expired', 'review') THEN
        v_payment_id := v_order.payment_id;
        UPDATE pay.payments AS p SET state = 'paid', credited = v_receipt.stars, paid_at = v_receipt.paid_at
        WHERE p.payment_id = v_payment_id;
    ELSE
        v_payment_id := gen_random_uuid();
        INSERT INTO pay.payments (
            payment_id, user_id, method, state, stars, credited, created_at, expires_at, paid_at, invoice_payload
        )
        VALUES (
            v_payment_id, p_user_id, 'stars', 'paid', v_receipt.stars, v_receipt.stars, now(),
            now() + interval '1 second', v_receipt.paid_at, 'assigned:' || v_payment_id
        );
        -- The order that waited with it was not paid: it is over, and can still be paid.
        UPDATE pay.payments AS p SET state = 'expired', closed_at = coalesce(p.closed_at, now())
        WHERE p.payment_id = v_order.payment_id AND p.state = 'review';
    END IF;
    PERFORM ledger.post(
        'deposit_assigned:' || p_charge_id, 'deposit', NULL, 'assigned',
        ARRAY[pay.house_account('suspense'), pay.player_account(p_user_id)], ARRAY[-v_receipt.stars, v_receipt.stars]
    );
    UPDATE pay.star_receipts AS r SET state = 'credited', user_id = p_user_id, payment_id = v_payment_id, error = NULL
    WHERE r.charge_id = p_charge_id;
    INSERT INTO pay.star_assignments (charge_id, user_id, payment_id, assigned_by)
    VALUES (p_charge_id, p_user_id, v_payment_id, p_by);
    RETURN pay.standing(p_charge_id, 'ok', false);
END
$function$;

COMMENT ON FUNCTION pay.assign_stars(text, bigint, text) IS
    'An operator''s word whose a charge in review is; repeated, it is ok again. conflict: it does not wait, was given to another, or the ledger does not have it; no_user: there is no such player.';

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
            -- What came for the order has gone back: nothing waits any more.
            UPDATE pay.payments AS p SET state = 'refunded'
            WHERE p.payment_id = v_receipt.payment_id AND p.state = 'review';
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
            VALUES ('deposit:stars:' || c.charge_id), ('deposit_assigned:' || c.charge_id),
                ('deposit_refunded:' || c.charge_id), ('chargeback:' || c.charge_id)
        ) AS k (key)
        UNION ALL
        SELECT k.key FROM charges AS c, generate_series(1, c.attempt) AS n, LATERAL (
            VALUES ('deposit_refund:' || c.charge_id || ':' || n), ('deposit_refund_back:' || c.charge_id || ':' || n)
        ) AS k (key)
    )
    SELECT CASE WHEN EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM charges) THEN jsonb_build_object(
        'payment', (SELECT to_jsonb(o) - 'invoice_payload' FROM orders AS o),
        'charges', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.number), '[]') FROM charges AS c),
        'assignments', (
            SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM pay.star_assignments AS s
            WHERE s.charge_id IN (SELECT c.charge_id FROM charges AS c)
        ),
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

GRANT EXECUTE ON FUNCTION pay.assign_stars(text, bigint, text) TO ct_operator;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
