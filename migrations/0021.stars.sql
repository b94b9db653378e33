-- Telegram Stars: what Telegram says it took from players, credited once a charge; refunds; charge-backs; and Telegram's
-- own book, read from time to time and held against ours.
--
-- The account `telegram` goes down by what comes in and up by what leaves: its sum, with the sign turned, is what the bot
-- should hold.  So every charge is booked, also one that nobody can be credited for: to `suspense`.
-- depends: 0021.payments

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;

CREATE TYPE pay.receipt_state AS ENUM ('credited', 'review', 'refunding', 'refunded', 'charged_back');

COMMENT ON TYPE pay.receipt_state IS
    'credited; review: booked to nobody, an operator looks; refunding: set aside and to be sent back; refunded; charged_back: Telegram took it back unasked.';

CREATE TABLE pay.star_receipts (
    charge_id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    state pay.receipt_state NOT NULL,
    payment_id uuid REFERENCES pay.payments,
    user_id bigint REFERENCES public.users,
    payer_id bigint NOT NULL,
    payload text NOT NULL,
    stars bigint NOT NULL,
    currency text NOT NULL,
    booked boolean NOT NULL,
    reason text CHECK (reason IN ('currency', 'unknown', 'foreign', 'amount', 'surplus', 'late', 'banned', 'operator')),
    from_player boolean NOT NULL DEFAULT false,
    attempt int NOT NULL DEFAULT 0,
    asked_by varchar(100),
    asked_at timestamptz,
    next_try_at timestamptz,
    error varchar(200),
    lost bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
    found_by text NOT NULL CHECK (found_by IN ('update', 'reconciliation', 'reversal')),
    paid_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CHECK (state <> 'credited' OR (booked AND payment_id IS NOT NULL AND user_id IS NOT NULL)),
    CHECK ((state = 'refunding') = (next_try_at IS NOT NULL)),
    CHECK ((state IN ('refunded', 'charged_back')) = (closed_at IS NOT NULL))
);
CREATE INDEX star_receipts_of_payment ON pay.star_receipts (payment_id);
CREATE INDEX star_receipts_open ON pay.star_receipts (number) WHERE state IN ('review', 'refunding');
CREATE INDEX star_receipts_of_payer ON pay.star_receipts (payer_id);

COMMENT ON TABLE pay.star_receipts IS 'Payments of Stars that arrived, one row a charge of Telegram; never deleted.';
COMMENT ON COLUMN pay.star_receipts.charge_id IS 'Telegram''s name of the charge: what makes a credit happen once.';
COMMENT ON COLUMN pay.star_receipts.number IS 'Rises with every receipt.';
COMMENT ON COLUMN pay.star_receipts.state IS 'Where these Stars are now.';
COMMENT ON COLUMN pay.star_receipts.payment_id IS 'The order that the payload names, if it names one.';
COMMENT ON COLUMN pay.star_receipts.user_id IS 'The account of the Telegram user who paid, if there is one.';
COMMENT ON COLUMN pay.star_receipts.payer_id IS 'The Telegram user who paid.';
COMMENT ON COLUMN pay.star_receipts.payload IS 'The invoice''s payload as it came back.';
COMMENT ON COLUMN pay.star_receipts.stars IS 'The amount that was paid.';
COMMENT ON COLUMN pay.star_receipts.currency IS 'Its currency: XTR, or it is not booked.';
COMMENT ON COLUMN pay.star_receipts.booked IS 'Whether the ledger has it; not, when it had gone back before it was known.';
COMMENT ON COLUMN pay.star_receipts.reason IS
    'Why it was not credited, or is sent back: currency, unknown (payload), foreign (payer), amount; surplus (the order was paid before), late, banned, operator.';
COMMENT ON COLUMN pay.star_receipts.from_player IS 'The refund was taken from the player''s balance, and goes back there if Telegram refuses.';
COMMENT ON COLUMN pay.star_receipts.attempt IS 'How often a refund was begun.';
COMMENT ON COLUMN pay.star_receipts.asked_by IS 'Who wanted the refund: an operator''s name, or rule.';
COMMENT ON COLUMN pay.star_receipts.asked_at IS 'When the refund was wanted.';
COMMENT ON COLUMN pay.star_receipts.next_try_at IS 'When Telegram is to be asked next for the refund.';
COMMENT ON COLUMN pay.star_receipts.error IS 'What Telegram said last about the refund.';
COMMENT ON COLUMN pay.star_receipts.lost IS 'Stars charged back that the player had already spent.';
COMMENT ON COLUMN pay.star_receipts.found_by IS 'What told of it first: update, reconciliation, or reversal (it went back before it was known).';
COMMENT ON COLUMN pay.star_receipts.paid_at IS 'When it was paid, by Telegram''s clock.';
COMMENT ON COLUMN pay.star_receipts.received_at IS 'When it was recorded here.';
COMMENT ON COLUMN pay.star_receipts.closed_at IS 'When it had gone back.';

CREATE TABLE pay.star_transactions (
    transaction_id text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    stars bigint NOT NULL,
    nanostars int NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL,
    partner text NOT NULL,
    purpose text NOT NULL,
    payer_id bigint,
    payload text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transaction_id, direction)
);

COMMENT ON TABLE pay.star_transactions IS 'Telegram''s book of the bot''s Stars, as it was read.';
COMMENT ON COLUMN pay.star_transactions.transaction_id IS 'Telegram''s id: the charge id of a payment, repeated by its refund.';
COMMENT ON COLUMN pay.star_transactions.direction IS 'in: to the bot; out: from it.';
COMMENT ON COLUMN pay.star_transactions.stars IS 'Whole Stars.';
COMMENT ON COLUMN pay.star_transactions.nanostars IS 'And billionths of a Star.';
COMMENT ON COLUMN pay.star_transactions.made_at IS 'When, by Telegram''s clock.';
COMMENT ON COLUMN pay.star_transactions.partner IS 'Who it came from or went to: user, fragment, telegram_ads …';
COMMENT ON COLUMN pay.star_transactions.purpose IS 'Telegram''s word for it where the partner is a user: invoice_payment, premium_purchase …; else the partner.';
COMMENT ON COLUMN pay.star_transactions.payer_id IS 'The Telegram user, where the partner is one.';
COMMENT ON COLUMN pay.star_transactions.payload IS 'The payload of a paid invoice.';
COMMENT ON COLUMN pay.star_transactions.seen_at IS 'When it was read.';

CREATE TABLE pay.star_reconciliations (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finished_at timestamptz NOT NULL DEFAULT now(),
    from_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    new_transactions int NOT NULL,
    credited int NOT NULL,
    reversed int NOT NULL,
    telegram_stars bigint NOT NULL,
    book_stars bigint NOT NULL,
    ledger_stars bigint NOT NULL,
    outside_stars bigint NOT NULL,
    settled boolean NOT NULL,
    differences jsonb NOT NULL
);

COMMENT ON TABLE pay.star_reconciliations IS 'What each reading of Telegram''s book found.';
COMMENT ON COLUMN pay.star_reconciliations.run_id IS 'Its number.';
COMMENT ON COLUMN pay.star_reconciliations.finished_at IS 'When.';
COMMENT ON COLUMN pay.star_reconciliations.from_offset IS 'How many transactions were skipped as known.';
COMMENT ON COLUMN pay.star_reconciliations.next_offset IS 'How many transactions Telegram''s book had: the high-water mark.';
COMMENT ON COLUMN pay.star_reconciliations.new_transactions IS 'How many had not been read before.';
COMMENT ON COLUMN pay.star_reconciliations.credited IS 'Payments that were found lost, and were recorded.';
COMMENT ON COLUMN pay.star_reconciliations.reversed IS 'Refunds and charge-backs that were found unrecorded, and were recorded.';
COMMENT ON COLUMN pay.star_reconciliations.telegram_stars IS 'The bot''s balance as Telegram says it.';
COMMENT ON COLUMN pay.star_reconciliations.book_stars IS 'The sum of Telegram''s transactions, as read.';
COMMENT ON COLUMN pay.star_reconciliations.ledger_stars IS 'What the bot should hold by the ledger.';
COMMENT ON COLUMN pay.star_reconciliations.outside_stars IS 'Sum of transactions that are none of the ledger''s: the operator''s own, as withdrawals through Fragment.';
COMMENT ON COLUMN pay.star_reconciliations.settled IS 'Nothing moved while it was read, so the balances can be compared.';
COMMENT ON COLUMN pay.star_reconciliations.differences IS 'What differs: rule, subject, detail.';

CREATE TYPE pay.charge AS (
    status text, receipt pay.star_receipts, payment pay.payments, balance bigint, blocked boolean
);

COMMENT ON TYPE pay.charge IS 'An answer about a charge: what was done, how it, its order and its player''s balance stand now, whether the account was blocked.';

GRANT SELECT, INSERT, UPDATE ON pay.star_receipts TO ct_ledger;
GRANT SELECT, INSERT ON pay.star_transactions, pay.star_reconciliations TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.house_account(p_kind ledger.account_kind) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = p_kind AND a.currency = 'XTR';
END;

CREATE FUNCTION pay.player_account(p_user_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = p_user_id;
END;

COMMENT ON FUNCTION pay.house_account(ledger.account_kind) IS 'The one account of that kind.';
COMMENT ON FUNCTION pay.player_account(bigint) IS 'A player''s account.';

CREATE FUNCTION pay.check_stars(p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_now_ms bigint)
    RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
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

COMMENT ON FUNCTION pay.check_stars(text, bigint, bigint, text, bigint) IS
    'Whether Telegram may take this payment: ok, or what stands against it: unknown, foreign, currency, amount, the state of an order that does not wait, or a code of pay.deposit_refusal.';

CREATE FUNCTION pay.hold_refund(p_charge_id text, p_reason text, p_by text) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.star_receipts;
    v_balance bigint;
BEGIN
    SELECT r.* INTO v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_receipt.state IN ('refunding', 'refunded') THEN
        RETURN 'ok';
    ELSIF v_receipt.state = 'charged_back' OR NOT v_receipt.booked THEN
        RETURN 'conflict';
    END IF;
    PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
    IF v_receipt.state = 'credited' THEN
        SELECT b.balance INTO v_balance FROM ledger.balances AS b WHERE b.user_id = v_receipt.user_id FOR NO KEY UPDATE;
        IF v_balance < v_receipt.stars THEN
            RETURN 'insufficient_balance';
        END IF;
        PERFORM ledger.post(
            'deposit_refund:' || p_charge_id || ':' || v_receipt.attempt + 1, 'deposit_refund', NULL, p_reason,
            ARRAY[pay.player_account(v_receipt.user_id), pay.house_account('suspense')],
            ARRAY[-v_receipt.stars, v_receipt.stars]
        );
        UPDATE pay.payments AS p SET state = 'refunded', credited = 0 WHERE p.payment_id = v_receipt.payment_id;
    END IF;
    UPDATE pay.star_receipts AS r
    SET state = 'refunding', from_player = v_receipt.state = 'credited', attempt = r.attempt + 1,
        reason = CASE WHEN p_reason = 'operator' THEN coalesce(r.reason, p_reason) ELSE p_reason END,
        asked_by = p_by, asked_at = now(), next_try_at = now(), error = NULL
    WHERE r.charge_id = p_charge_id;
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION pay.hold_refund(text, text, text) IS
    'Sets the Stars of a charge aside, to be sent back. insufficient_balance: the player has spent them; conflict: Telegram has them already.';

CREATE FUNCTION pay.standing(p_charge_id text, p_status text, p_blocked boolean) RETURNS pay.charge
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p_status, r, p, b.balance, p_blocked
    FROM (SELECT) AS always
    LEFT JOIN pay.star_receipts AS r ON r.charge_id = p_charge_id
    LEFT JOIN pay.payments AS p USING (payment_id)
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id;
END;

COMMENT ON FUNCTION pay.standing(text, text, boolean) IS 'What became of a charge, its order and its player''s balance.';

CREATE FUNCTION pay.credit_stars(
    p_charge_id text, p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_paid_ms bigint,
    p_late_s double precision, p_found_by text
) RETURNS pay.charge
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_paid_at timestamptz := to_timestamp(p_paid_ms / 1000.0);
    v_payment pay.payments;
    v_payer record;
    v_reason text;
    v_credit boolean;
    v_status text;
BEGIN
    -- Of many who bring the same charge, one inserts it; the others wait here for its commit.
    INSERT INTO pay.star_receipts (charge_id, state, payer_id, payload, stars, currency, booked, found_by, paid_at)
    VALUES (
        p_charge_id, 'review', p_payer_id, p_payload, p_stars, p_currency, p_currency = 'XTR' AND p_stars > 0, p_found_by,
        v_paid_at
    )
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN pay.standing(p_charge_id, 'repeated', false);
    END IF;
    SELECT a.o_user_id AS user_id, a.o_banned AS banned INTO v_payer FROM auth.telegram_account(p_payer_id) AS a;
    SELECT p.* INTO v_payment FROM pay.payments AS p WHERE p.invoice_payload = p_payload FOR NO KEY UPDATE;
    v_reason := CASE
        WHEN p_currency <> 'XTR' OR p_stars <= 0 THEN 'currency'
        WHEN v_payment.payment_id IS NULL THEN 'unknown'
        WHEN v_payer.user_id IS DISTINCT FROM v_payment.user_id THEN 'foreign'
        WHEN p_stars <> v_payment.stars THEN 'amount'
        WHEN v_payment.state IN ('paid', 'refunded') THEN 'surplus'
        WHEN v_paid_at > v_payment.expires_at + make_interval(secs => p_late_s) THEN 'late'
    END;
    v_credit := v_reason IS NULL;
    IF v_reason IS DISTINCT FROM 'currency' THEN
        PERFORM ledger.post(
            'deposit:stars:' || p_charge_id, 'deposit', NULL, v_reason,
            ARRAY[
                pay.house_account('telegram'),
                CASE WHEN v_credit THEN pay.player_account(v_payment.user_id) ELSE pay.house_account('suspense') END
            ],
            ARRAY[-p_stars, p_stars]
        );
    END IF;
    UPDATE pay.star_receipts AS r
    SET state = CASE WHEN v_credit THEN 'credited' ELSE 'review' END::pay.receipt_state, reason = v_reason,
        payment_id = v_payment.payment_id, user_id = v_payer.user_id
    WHERE r.charge_id = p_charge_id;
    IF v_credit THEN
        UPDATE pay.payments AS p SET state = 'paid', credited = p_stars, paid_at = v_paid_at
        WHERE p.payment_id = v_payment.payment_id;
        v_status := 'credited';
        IF v_payer.banned THEN
            PERFORM pay.hold_refund(p_charge_id, 'banned', 'rule');
            v_status := 'refunding';
        END IF;
    ELSIF v_reason IN ('surplus', 'late') THEN
        PERFORM pay.hold_refund(p_charge_id, v_reason, 'rule');
        IF v_reason = 'late' THEN
            UPDATE pay.payments AS p SET state = 'refunded', paid_at = v_paid_at WHERE p.payment_id = v_payment.payment_id;
        END IF;
        v_status := 'refunding';
    ELSE
        -- The owner's own Stars, but not those that were ordered: the order waits for an operator with them.
        IF v_reason = 'amount' AND v_payment.state IN ('pending', 'cancelled', 'expired') THEN
            UPDATE pay.payments AS p SET state = 'review' WHERE p.payment_id = v_payment.payment_id;
        END IF;
        v_status := 'review';
    END IF;
    RETURN pay.standing(p_charge_id, v_status, false);
END
$function$;

COMMENT ON FUNCTION pay.credit_stars(text, text, bigint, bigint, text, bigint, double precision, text) IS
    'A charge that Telegram made, recorded once: credited (also after a cancel or expiry, whoever is banned), refunding (surplus; later than p_late_s after the expiry; banned), review (unknown payload, another payer, another amount), or repeated.';

CREATE FUNCTION pay.refund_stars(
    p_charge_id text, p_by text
) RETURNS pay.charge
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    RETURN pay.standing(p_charge_id, pay.hold_refund(p_charge_id, 'operator', p_by), false);
END
$function$;

COMMENT ON FUNCTION pay.refund_stars(text, text) IS 'An operator''s wish to send a charge back; repeated, it is ok again.';

CREATE FUNCTION pay.due_refunds(p_charge_id text, p_lease_s double precision, p_limit int) RETURNS TABLE (charge_id text, payer_id bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.star_receipts AS r SET next_try_at = now() + make_interval(secs => p_lease_s)
    WHERE r.charge_id IN (
        SELECT d.charge_id FROM pay.star_receipts AS d
        WHERE d.state = 'refunding' AND d.next_try_at <= now() AND (p_charge_id IS NULL OR d.charge_id = p_charge_id)
        ORDER BY d.next_try_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING r.charge_id, r.payer_id;
END;

COMMENT ON FUNCTION pay.due_refunds(text, double precision, int) IS
    'Refunds that Telegram is to be asked for now, all or that one; each is the caller''s for so many seconds.';

CREATE FUNCTION pay.settle_refund(
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

COMMENT ON FUNCTION pay.settle_refund(text, text, text, double precision) IS
    'What Telegram answered to a refund: done; refused (the Stars go back where they came from); later (asked again after p_retry_s). repeated: it was settled before.';

CREATE FUNCTION pay.reverse_stars(
    p_charge_id text, p_payload text, p_payer_id bigint, p_stars bigint, p_currency text, p_at_ms bigint
) RETURNS pay.charge
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_at timestamptz := to_timestamp(p_at_ms / 1000.0);
    v_receipt pay.star_receipts;
    v_lost bigint := 0;
    v_status text;
BEGIN
    INSERT INTO pay.star_receipts (
        charge_id, state, payer_id, payload, stars, currency, booked, found_by, paid_at, closed_at, payment_id, user_id
    )
    SELECT p_charge_id, 'charged_back', p_payer_id, p_payload, p_stars, p_currency, false, 'reversal', v_at, now(),
        (SELECT p.payment_id FROM pay.payments AS p WHERE p.invoice_payload = p_payload), a.o_user_id
    FROM auth.telegram_account(p_payer_id) AS a
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        -- It came and went before it was known: nobody has got anything, and both books agree without it.
        UPDATE pay.payments AS p SET state = 'refunded'
        WHERE p.invoice_payload = p_payload AND p.state IN ('pending', 'cancelled', 'expired')
            AND p.user_id = (SELECT a.o_user_id FROM auth.telegram_account(p_payer_id) AS a);
        v_status := 'unknown';
    ELSE
        SELECT r.* INTO STRICT v_receipt FROM pay.star_receipts AS r WHERE r.charge_id = p_charge_id FOR NO KEY UPDATE;
        PERFORM FROM pay.payments AS p WHERE p.payment_id = v_receipt.payment_id FOR NO KEY UPDATE;
        IF v_receipt.state IN ('refunded', 'charged_back') THEN
            v_status := 'repeated';
        ELSIF v_receipt.state = 'refunding' THEN
            PERFORM pay.settle_refund(p_charge_id, 'done', NULL, 0);
            v_status := 'refunded';
        ELSE
            IF v_receipt.state = 'credited' THEN
                SELECT greatest(v_receipt.stars - b.balance, 0) INTO STRICT v_lost
                FROM ledger.balances AS b WHERE b.user_id = v_receipt.user_id FOR NO KEY UPDATE;
                PERFORM ledger.post(
                    'chargeback:' || p_charge_id, 'chargeback', NULL, NULL,
                    ARRAY[pay.player_account(v_receipt.user_id), pay.house_account('loss'), pay.house_account('telegram')],
                    ARRAY[v_lost - v_receipt.stars, -v_lost, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'refunded', credited = 0 WHERE p.payment_id = v_receipt.payment_id;
                IF v_lost > 0 THEN
                    PERFORM auth.block_for_review(v_receipt.user_id, 'chargeback');
                END IF;
            ELSIF v_receipt.booked THEN
                PERFORM ledger.post(
                    'chargeback:' || p_charge_id, 'chargeback', NULL, NULL,
                    ARRAY[pay.house_account('suspense'), pay.house_account('telegram')],
                    ARRAY[-v_receipt.stars, v_receipt.stars]
                );
                UPDATE pay.payments AS p SET state = 'refunded' WHERE p.payment_id = v_receipt.payment_id AND p.state = 'review';
            END IF;
            UPDATE pay.star_receipts AS r SET state = 'charged_back', lost = v_lost, closed_at = now()
            WHERE r.charge_id = p_charge_id;
            v_status := 'charged_back';
        END IF;
    END IF;
    RETURN pay.standing(p_charge_id, v_status, v_lost > 0);
END
$function$;

COMMENT ON FUNCTION pay.reverse_stars(text, text, bigint, bigint, text, bigint) IS
    'Telegram gave a charge back to the payer: refunded (we had asked), charged_back (nobody had; what is spent is the house''s loss, and the account is blocked for review), unknown (the charge itself never came), or repeated.';

CREATE FUNCTION pay.audit_payments() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH sums AS (
        SELECT a.kind, sum(e.amount) AS stars
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind IN ('telegram', 'suspense', 'loss') AND t.kind IN ('deposit', 'deposit_refund', 'chargeback')
        GROUP BY a.kind
    ), charges AS (
        SELECT coalesce(sum(r.stars) FILTER (WHERE r.state IN ('credited', 'review', 'refunding')), 0) AS here,
            coalesce(sum(r.stars) FILTER (WHERE r.state IN ('review', 'refunding')), 0) AS nobodys,
            coalesce(sum(r.lost), 0) AS lost
        FROM pay.star_receipts AS r WHERE r.booked
    ), expected (kind, stars) AS (
        SELECT k.kind, CASE k.kind WHEN 'telegram' THEN -c.here WHEN 'suspense' THEN c.nobodys ELSE -c.lost END
        FROM charges AS c, unnest(ARRAY['telegram', 'suspense', 'loss']::ledger.account_kind[]) AS k (kind)
    )
    SELECT 'stars_account_differs', x.kind::text, 'ledger ' || coalesce(s.stars, 0) || ', receipts ' || x.stars
    FROM expected AS x LEFT JOIN sums AS s USING (kind) WHERE coalesce(s.stars, 0) <> x.stars
    UNION ALL
    SELECT 'charge_not_booked_once', 'charge ' || r.charge_id,
        CASE WHEN r.booked THEN 'not in the ledger' ELSE 'in the ledger' END
    FROM pay.star_receipts AS r LEFT JOIN ledger.transfers AS t ON t.key = 'deposit:stars:' || r.charge_id
    WHERE r.booked <> (t.transfer_id IS NOT NULL)
    UNION ALL
    SELECT 'payment_credit_differs', 'payment ' || p.payment_id,
        p.state || ', credited ' || p.credited || ', receipts ' || coalesce(sum(r.stars), 0)
    FROM pay.payments AS p LEFT JOIN pay.star_receipts AS r ON r.payment_id = p.payment_id AND r.state = 'credited'
    WHERE p.method = 'stars'
    GROUP BY p.payment_id HAVING p.credited <> coalesce(sum(r.stars), 0) OR (p.state = 'paid') <> (p.credited > 0)
    UNION ALL
    SELECT 'credit_to_another', 'charge ' || r.charge_id, 'paid by user ' || coalesce(r.user_id::text, 'unknown')
        || ', ordered by user ' || p.user_id
    FROM pay.star_receipts AS r JOIN pay.payments AS p USING (payment_id)
    WHERE r.state = 'credited' AND r.user_id IS DISTINCT FROM p.user_id;
END;

COMMENT ON FUNCTION pay.audit_payments() IS 'Everything that is wrong with payments and their entries at this moment; no rows: nothing is.';

GRANT EXECUTE ON FUNCTION
    pay.check_stars(text, bigint, bigint, text, bigint),
    pay.credit_stars(text, text, bigint, bigint, text, bigint, double precision, text),
    pay.refund_stars(text, text),
    pay.due_refunds(text, double precision, int),
    pay.settle_refund(text, text, text, double precision),
    pay.reverse_stars(text, text, bigint, bigint, text, bigint),
    pay.audit_payments()
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
