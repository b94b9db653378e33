-- Payments by players, whatever the way: a state machine of orders.  pending -> paid | cancelled | expired; a payment
-- that arrives after a cancel or expiry makes it paid all the same.  What arrived is kept by the method's own tables.
-- And keys of requests that change money, beside those of seats: written in the transaction of the effect.
-- Locks are taken in one order: the key, the receipt, the payment, then balances.
-- depends: 0021.payment-kinds 0015.room-report

CREATE SCHEMA pay AUTHORIZATION ct_owner;

SET LOCAL ROLE ct_owner;

COMMENT ON SCHEMA pay IS 'Money in and out: payments, wallets, withdrawals, and what the outside books say.';
GRANT USAGE ON SCHEMA pay TO ct_ledger, ct_player, ct_settler;
GRANT CREATE ON SCHEMA pay, game TO ct_ledger;
GRANT CREATE ON SCHEMA auth TO ct_auth;

ALTER TABLE game.idempotency ALTER COLUMN seat_id DROP NOT NULL;
ALTER TABLE game.idempotency ALTER COLUMN room_id DROP NOT NULL;
ALTER TABLE game.idempotency ADD COLUMN subject text;

COMMENT ON COLUMN game.idempotency.seat_id IS 'The seat that the request took, if it took one.';
COMMENT ON COLUMN game.idempotency.room_id IS 'The room of that seat.';
COMMENT ON COLUMN game.idempotency.subject IS 'What the request made, if that is no seat: the id of a payment or withdrawal.';

CREATE TYPE pay.method AS ENUM ('stars', 'ton');
CREATE TYPE pay.state AS ENUM ('pending', 'paid', 'cancelled', 'expired', 'refunded', 'review');

COMMENT ON TYPE pay.method IS 'stars: Telegram Stars; ton: Toncoin.';
COMMENT ON TYPE pay.state IS
    'pending; paid: credited; cancelled: by the player; expired; refunded: sent back, or on its way back; review: something arrived that an operator must look at.';

CREATE TABLE pay.payments (
    payment_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    user_id bigint NOT NULL REFERENCES public.users,
    method pay.method NOT NULL,
    state pay.state NOT NULL DEFAULT 'pending',
    stars bigint NOT NULL CHECK (stars > 0),
    credited bigint NOT NULL DEFAULT 0 CHECK (credited >= 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    paid_at timestamptz,
    closed_at timestamptz,
    invoice_payload text UNIQUE,
    invoice_link text,
    ton_address text,
    ton_nanoton bigint CHECK (ton_nanoton > 0),
    ton_memo text UNIQUE,
    ton_rate bigint CHECK (ton_rate > 0),
    ton_network text,
    CHECK ((method = 'stars') = (invoice_payload IS NOT NULL)),
    CHECK (method = 'stars' OR invoice_link IS NULL),
    CHECK (
        num_nulls(ton_address, ton_nanoton, ton_memo, ton_rate, ton_network) = CASE method WHEN 'ton' THEN 0 ELSE 5 END
    ),
    CHECK (state <> 'paid' OR paid_at IS NOT NULL),
    CHECK (credited = 0 OR state = 'paid')
);
CREATE INDEX payments_of_user ON pay.payments (user_id, number);
CREATE INDEX payments_pending ON pay.payments (expires_at) WHERE state = 'pending';

COMMENT ON TABLE pay.payments IS 'What players wanted to pay in, and what became of it.';
COMMENT ON COLUMN pay.payments.payment_id IS 'Its public name; chosen by the gateway.';
COMMENT ON COLUMN pay.payments.number IS 'Rises with every payment: the order of lists.';
COMMENT ON COLUMN pay.payments.user_id IS 'Whose balance it is for.';
COMMENT ON COLUMN pay.payments.method IS 'Which way.';
COMMENT ON COLUMN pay.payments.state IS 'What became of it.';
COMMENT ON COLUMN pay.payments.stars IS 'Stars that were ordered.';
COMMENT ON COLUMN pay.payments.credited IS 'Stars that the balance got, and still has of it.';
COMMENT ON COLUMN pay.payments.created_at IS 'When it was ordered, by the clock of Redis.';
COMMENT ON COLUMN pay.payments.expires_at IS 'Until when it is waited for.';
COMMENT ON COLUMN pay.payments.paid_at IS 'When it was paid, by the clock of who took the payment.';
COMMENT ON COLUMN pay.payments.closed_at IS 'When it was cancelled, or found expired.';
COMMENT ON COLUMN pay.payments.invoice_payload IS 'What the invoice carries and comes back with the payment; nobody can guess it.';
COMMENT ON COLUMN pay.payments.invoice_link IS 'The link of the invoice; null: not made yet.';
COMMENT ON COLUMN pay.payments.ton_address IS 'Where the TON has to go.';
COMMENT ON COLUMN pay.payments.ton_nanoton IS 'How many billionths of a TON.';
COMMENT ON COLUMN pay.payments.ton_memo IS 'The comment by which the payment is found.';
COMMENT ON COLUMN pay.payments.ton_rate IS 'Billionths of a TON for one Star, fixed when it was ordered.';
COMMENT ON COLUMN pay.payments.ton_network IS 'Which chain.';

-- Only the functions of money see everything: whoever else is given a right to read sees the own rows.
ALTER TABLE pay.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.payments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.payments
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.payments TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.payments IS 'A payment belongs to the user it names.';
COMMENT ON POLICY money ON pay.payments IS 'Functions of money act for whoever pays.';

INSERT INTO ledger.accounts (kind) VALUES ('telegram'), ('suspense'), ('loss') ON CONFLICT DO NOTHING;

GRANT SELECT, INSERT, UPDATE ON pay.payments TO ct_ledger;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION auth.telegram_account(p_telegram_id bigint, OUT o_user_id bigint, OUT o_banned boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id, a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.telegram_id = p_telegram_id;
END;

COMMENT ON FUNCTION auth.telegram_account(bigint) IS 'Who logs in with that Telegram account; nulls: nobody.';

CREATE FUNCTION auth.block_for_review(p_user_id bigint, p_reason text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE auth.users AS a SET banned_at = now(), ban_reason = p_reason
    WHERE a.user_id = p_user_id AND a.banned_at IS NULL;
END;

COMMENT ON FUNCTION auth.block_for_review(bigint, text) IS 'Blocks an account until an operator has looked; an older ban stays as it is.';

GRANT EXECUTE ON FUNCTION auth.telegram_account(bigint), auth.block_for_review(bigint, text) TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION game.take_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision, p_subject text,
    OUT o_status text, OUT o_subject text, OUT o_answer bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row record;
BEGIN
    INSERT INTO game.idempotency (user_id, endpoint, key, body_hash, lease_until, subject)
    VALUES (
        p_user_id, p_endpoint, p_key, p_body_hash, clock_timestamp() + make_interval(secs => p_lease_s), p_subject
    )
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        o_status := 'new';
        o_subject := p_subject;
        RETURN;
    END IF;
    SELECT i.body_hash, i.answer, i.subject, i.lease_until INTO v_row
    FROM game.idempotency AS i
    WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key
    FOR UPDATE;
    IF NOT FOUND THEN
        -- It was given up between two looks.
        o_status := 'idempotency_in_progress';
    ELSIF v_row.body_hash <> p_body_hash THEN
        o_status := 'idempotency_mismatch';
    ELSIF v_row.answer IS NOT NULL THEN
        o_status := 'stored';
        o_subject := v_row.subject;
        o_answer := v_row.answer;
    ELSIF v_row.lease_until > clock_timestamp() THEN
        o_status := 'idempotency_in_progress';
    ELSE
        o_status := 'resume';
        o_subject := v_row.subject;
        UPDATE game.idempotency AS i SET lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
END
$function$;

COMMENT ON FUNCTION game.take_key(bigint, text, text, bytea, double precision, text) IS
    'The key of a request that changes money, in the transaction of its effect. new: take effect now, as the subject; stored: give the answer again; resume: the subject was made and its answer was lost, go on with it. Who then refuses gives the key back with game.drop_key.';

CREATE FUNCTION game.drop_key(p_user_id bigint, p_endpoint text, p_key text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM game.idempotency AS i WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
END;

COMMENT ON FUNCTION game.drop_key(bigint, text, text) IS 'Gives up a new key: only successes are kept.';

CREATE FUNCTION game.release_key(p_endpoint text, p_key text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE game.idempotency AS i SET lease_until = clock_timestamp()
    WHERE i.user_id = auth.claim() AND i.endpoint = p_endpoint AND i.key = p_key
        AND i.subject IS NOT NULL AND i.answer IS NULL;
END;

COMMENT ON FUNCTION game.release_key(text, text) IS
    'The claim''s user''s request took effect and could not be answered: a retry may resume it at once.';

CREATE FUNCTION pay.deposit_refusal(p_user_id bigint, p_stars bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN h.banned THEN 'banned' END FROM auth.hello(ARRAY[p_user_id]) AS h;
END;

COMMENT ON FUNCTION pay.deposit_refusal(bigint, bigint) IS
    'What stands against a new payment of that user, as a code; null: nothing. Asked before Telegram or the chain takes anything, never after.';

CREATE FUNCTION pay.pending_payments(p_user_id bigint, p_now_ms bigint) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) FROM pay.payments AS p
    WHERE p.user_id = p_user_id AND p.state = 'pending' AND p.expires_at > to_timestamp(p_now_ms / 1000.0);
END;

COMMENT ON FUNCTION pay.pending_payments(bigint, bigint) IS 'How many orders of a user wait at that moment of Redis''s clock.';

CREATE FUNCTION pay.request_stars(
    p_user_id bigint, p_payment_id uuid, p_payload text, p_stars bigint, p_created_ms bigint, p_expires_ms bigint,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_answer bytea, OUT o_payment pay.payments
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_subject text;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT k.o_status, k.o_subject, k.o_answer INTO o_status, v_subject, o_answer
    FROM game.take_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_payment_id::text) AS k;
    IF o_status = 'resume' THEN
        SELECT p.* INTO STRICT o_payment FROM pay.payments AS p WHERE p.payment_id = v_subject::uuid;
    END IF;
    IF o_status <> 'new' THEN
        RETURN;
    END IF;
    o_status := coalesce(
        pay.deposit_refusal(p_user_id, p_stars),
        CASE WHEN pay.pending_payments(p_user_id, p_created_ms) >= 20 THEN 'conflict' END
    );
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

COMMENT ON FUNCTION pay.request_stars(bigint, uuid, text, bigint, bigint, bigint, text, text, bytea, double precision) IS
    'Orders Stars, once for a key. conflict: twenty orders wait already. The claim must be the player''s.';

CREATE FUNCTION pay.set_invoice_link(p_payment_id uuid, p_link text) RETURNS SETOF pay.payments
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET invoice_link = coalesce(p.invoice_link, p_link)
    WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim() AND p.method = 'stars'
    RETURNING p.*;
END;

COMMENT ON FUNCTION pay.set_invoice_link(uuid, text) IS 'Keeps the link of an invoice; the first one stays, also when two were made at once.';

CREATE FUNCTION pay.my_payments(p_before bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p
    WHERE p.user_id = auth.claim() AND (p_before IS NULL OR p.number < p_before)
    ORDER BY p.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.my_payments(bigint, int) IS 'Payments of the claim''s user, newest first, below a number.';

CREATE FUNCTION pay.my_payment(p_payment_id uuid) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim();
END;

COMMENT ON FUNCTION pay.my_payment(uuid) IS 'One payment of the claim''s user.';

CREATE FUNCTION pay.cancel_payment(p_payment_id uuid, OUT o_status text, OUT o_payment pay.payments)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim() FOR NO KEY UPDATE;
    o_status := CASE
        WHEN o_payment.payment_id IS NULL THEN 'not_found'
        WHEN o_payment.state IN ('pending', 'cancelled') THEN 'ok'
        ELSE 'conflict'
    END;
    IF o_payment.state = 'pending' THEN
        UPDATE pay.payments AS p SET state = 'cancelled', closed_at = now()
        WHERE p.payment_id = p_payment_id RETURNING p.* INTO o_payment;
    END IF;
END
$function$;

COMMENT ON FUNCTION pay.cancel_payment(uuid) IS
    'The claim''s user no longer wants to pay; repeated, it is ok again. conflict: it came to another end. A payment that arrives all the same is credited.';

CREATE FUNCTION pay.expire_payments(p_now_ms bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET state = 'expired', closed_at = now()
    WHERE p.payment_id IN (
        SELECT w.payment_id FROM pay.payments AS w
        WHERE w.state = 'pending' AND w.expires_at <= to_timestamp(p_now_ms / 1000.0)
        ORDER BY w.expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING p.*;
END;

COMMENT ON FUNCTION pay.expire_payments(bigint, int) IS 'Ends the wait for payments whose time is over at that moment of Redis''s clock, some at a time.';

CREATE FUNCTION pay.list_payments(p_state pay.state, p_user_id bigint, p_limit int) RETURNS SETOF pay.payments
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.* FROM pay.payments AS p
    WHERE (p_state IS NULL OR p.state = p_state) AND (p_user_id IS NULL OR p.user_id = p_user_id)
    ORDER BY p.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_payments(pay.state, bigint, int) IS 'For operators: the latest payments, of a state or a user if one is named.';

GRANT EXECUTE ON FUNCTION
    pay.request_stars(bigint, uuid, text, bigint, bigint, bigint, text, text, bytea, double precision),
    pay.set_invoice_link(uuid, text),
    pay.my_payments(bigint, int),
    pay.my_payment(uuid),
    pay.cancel_payment(uuid),
    game.release_key(text, text)
TO ct_player;
GRANT EXECUTE ON FUNCTION
    pay.expire_payments(bigint, int),
    pay.list_payments(pay.state, bigint, int)
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay, game FROM ct_ledger;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
RESET ROLE;
