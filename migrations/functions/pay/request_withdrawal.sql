SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.request_withdrawal(
    p_user_id bigint, p_withdrawal_id uuid, p_method pay.payout_method, p_stars bigint, p_months int, p_network text,
    p_rate bigint, p_now_ms bigint, p_hold_s bigint, p_approval_stars bigint, p_account_day bigint, p_house_day bigint,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_response bytea, OUT o_balance bigint, OUT o_limit text, OUT o_until_ms bigint,
    OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_now timestamptz := to_timestamp(p_now_ms / 1000.0);
    v_subject text;
    v_payee record;
    v_address text;
    v_demo boolean;
    v_day bigint;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT k.o_status, k.o_subject, k.o_response INTO o_status, v_subject, o_response
    FROM game.take_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_withdrawal_id::text) AS k;
    IF o_status = 'resume' THEN
        SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w WHERE w.withdrawal_id = v_subject::uuid;
        SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = p_user_id;
    END IF;
    IF o_status <> 'new' THEN
        RETURN;
    END IF;
    PERFORM auth.share_person(p_user_id);
    -- Requests wait here for each other, so that together they pass no total of the day.
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.withdrawals', 0));
    SELECT b.balance, b.granted > 0 INTO STRICT o_balance, v_demo
    FROM ledger.balances AS b WHERE b.user_id = p_user_id FOR NO KEY UPDATE;
    -- Beside demonstration Stars no more leaves than came in from outside: what is won and lost there are those.
    IF v_demo THEN
        SELECT coalesce(sum(e.amount), 0) < p_stars INTO STRICT v_demo
        FROM ledger.entries AS e JOIN ledger.transfers AS t USING (transfer_id)
        WHERE e.account_id = pay.player_account(p_user_id)
            AND t.kind IN ('deposit', 'deposit_refund', 'chargeback', 'bonus', 'withdrawal', 'withdrawal_return');
    END IF;
    SELECT a.o_telegram_id AS telegram_id, a.o_banned AS banned INTO STRICT v_payee FROM auth.payee(p_user_id) AS a;
    IF p_method = 'ton' THEN
        SELECT w.address INTO v_address FROM pay.wallets AS w
        WHERE w.user_id = p_user_id AND w.network = p_network AND w.unlinked_at IS NULL FOR SHARE;
    END IF;
    v_day := pay.withdrawn(p_user_id, v_now) + p_stars;
    IF v_day > p_account_day THEN
        o_limit := 'account_day';
    ELSIF pay.withdrawn(NULL, v_now) + p_stars > p_house_day THEN
        o_limit := 'house_day';
    END IF;
    o_status := CASE
        WHEN v_payee.banned THEN 'banned'
        WHEN p_method = 'ton' AND v_address IS NULL THEN 'conflict'
        WHEN p_method = 'premium' AND v_payee.telegram_id IS NULL THEN 'conflict'
        WHEN o_balance < p_stars THEN 'insufficient_balance'
        WHEN v_demo THEN 'forbidden'
        WHEN o_limit IS NOT NULL THEN 'limit_reached'
        ELSE 'new'
    END;
    o_until_ms := (extract(epoch FROM date_trunc('day', v_now, 'UTC') + interval '24 hours') * 1000)::bigint;
    IF o_status <> 'new' THEN
        PERFORM game.drop_key(p_user_id, p_endpoint, p_key);
        RETURN;
    END IF;
    PERFORM ledger.post(
        'withdrawal:' || p_withdrawal_id, 'withdrawal', NULL, NULL,
        ARRAY[pay.player_account(p_user_id), pay.house_account('held')], ARRAY[-p_stars, p_stars]
    );
    INSERT INTO pay.withdrawals AS w (
        withdrawal_id, user_id, method, stars, months, telegram_id, address, network, nanoton, rate, needs_approval,
        requested_at, hold_until
    )
    VALUES (
        p_withdrawal_id, p_user_id, p_method, p_stars, p_months,
        CASE WHEN p_method = 'premium' THEN v_payee.telegram_id END, v_address,
        CASE WHEN p_method = 'ton' THEN p_network END, CASE WHEN p_method = 'ton' THEN p_stars * p_rate END,
        CASE WHEN p_method = 'ton' THEN p_rate END, v_day > p_approval_stars, v_now,
        v_now + make_interval(secs => p_hold_s)
    )
    RETURNING w.* INTO o_withdrawal;
    o_balance := o_balance - p_stars;
    PERFORM pay.note_withdrawal(o_withdrawal, 'player', 'requested');
END
$function$;

COMMENT ON FUNCTION pay.request_withdrawal IS
    'Takes Stars from the balance to pay them out later, once for a key. forbidden: the account has demonstration Stars; conflict: there is no wallet, or no Telegram user, to pay to; limit_reached: account_day or house_day. What the person asked for in the day, with whichever account, counts for the account''s limits, that above which an operator decides included. The claim must be the player''s.';
GRANT EXECUTE ON FUNCTION pay.request_withdrawal TO ct_player;
