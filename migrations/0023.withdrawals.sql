-- Withdrawals: Stars leave the balance when they are asked for and lie in `held` until they are paid out or come back.
-- held -> (approval ->) sending -> sent | returned.  What is about to be sent is committed before anything is sent: an
-- attempt has a number, and only an attempt that surely came to nothing is followed by another.
-- Locks: the key, the totals of the day, the withdrawal, then balances.
-- depends: 0023.limits 0022.wallets 0021.stars

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;
GRANT CREATE ON SCHEMA auth TO ct_auth;

CREATE TYPE pay.payout_method AS ENUM ('ton', 'premium');
CREATE TYPE pay.withdrawal_state AS ENUM ('held', 'approval', 'sending', 'sent', 'returned');

COMMENT ON TYPE pay.payout_method IS 'ton: to the linked wallet; premium: Telegram Premium as a gift of the bot.';
COMMENT ON TYPE pay.withdrawal_state IS
    'held: for the time of hold; approval: an operator has to decide; sending; sent; returned: the Stars are back on the balance.';

CREATE TABLE pay.withdrawals (
    withdrawal_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    user_id bigint NOT NULL REFERENCES public.users,
    method pay.payout_method NOT NULL,
    state pay.withdrawal_state NOT NULL DEFAULT 'held',
    stars bigint NOT NULL CHECK (stars > 0),
    months int CHECK (months IN (3, 6, 12)),
    telegram_id bigint,
    address text,
    network text,
    nanoton bigint CHECK (nanoton > 0),
    rate bigint CHECK (rate > 0),
    needs_approval boolean NOT NULL,
    waits_for text CHECK (waits_for IN ('limit', 'banned', 'failed', 'unknown')),
    requested_at timestamptz NOT NULL,
    hold_until timestamptz NOT NULL CHECK (hold_until >= requested_at),
    attempt int NOT NULL DEFAULT 1,
    retries int NOT NULL DEFAULT 0,
    begun_at timestamptz,
    book_offset bigint,
    query_id int CHECK (query_id BETWEEN 0 AND 8388607 AND query_id % 1024 <= 1022),
    message_at bigint,
    message_expires bigint,
    message_hash text,
    boc text,
    next_try_at timestamptz,
    reference text UNIQUE,
    error varchar(200),
    review text CHECK (review IN ('approved', 'refused', 'paid')),
    reviewed_by varchar(100),
    reviewed_at timestamptz,
    closed_at timestamptz,
    CHECK (num_nulls(address, network, nanoton, rate) = CASE method WHEN 'ton' THEN 0 ELSE 4 END),
    CHECK (num_nulls(months, telegram_id) = CASE method WHEN 'premium' THEN 0 ELSE 2 END),
    CHECK ((state = 'approval') = (waits_for IS NOT NULL)),
    CHECK ((state = 'sending') = (next_try_at IS NOT NULL)),
    CHECK ((state IN ('sent', 'returned')) = (closed_at IS NOT NULL)),
    CHECK (num_nulls(query_id, message_at, message_expires, message_hash, boc) IN (0, 5)),
    CHECK (boc IS NULL OR begun_at IS NOT NULL),
    CHECK (method <> 'ton' OR (begun_at IS NULL) = (boc IS NULL))
);
CREATE INDEX withdrawals_of_user ON pay.withdrawals (user_id, number);
CREATE INDEX withdrawals_by_day ON pay.withdrawals (requested_at);
CREATE INDEX withdrawals_open ON pay.withdrawals (number) WHERE state IN ('held', 'approval', 'sending');
CREATE UNIQUE INDEX withdrawals_one_gift ON pay.withdrawals (telegram_id) WHERE state = 'sending' AND begun_at IS NOT NULL;
CREATE UNIQUE INDEX withdrawals_one_query ON pay.withdrawals (query_id) WHERE state = 'sending';

COMMENT ON TABLE pay.withdrawals IS 'What players wanted to take out, and what became of it; never deleted.';
COMMENT ON COLUMN pay.withdrawals.withdrawal_id IS 'Its public name.';
COMMENT ON COLUMN pay.withdrawals.number IS 'Rises with every withdrawal: the order of lists.';
COMMENT ON COLUMN pay.withdrawals.user_id IS 'Whose balance it comes from.';
COMMENT ON COLUMN pay.withdrawals.method IS 'Which way.';
COMMENT ON COLUMN pay.withdrawals.state IS 'Where it is.';
COMMENT ON COLUMN pay.withdrawals.stars IS 'Stars that left the balance.';
COMMENT ON COLUMN pay.withdrawals.months IS 'Months of Premium.';
COMMENT ON COLUMN pay.withdrawals.telegram_id IS 'Who gets Premium: the account''s Telegram user when it was asked for.';
COMMENT ON COLUMN pay.withdrawals.address IS 'Where the TON goes: the wallet that was linked when it was asked for, raw.';
COMMENT ON COLUMN pay.withdrawals.network IS 'Which chain.';
COMMENT ON COLUMN pay.withdrawals.nanoton IS 'How many billionths of a TON.';
COMMENT ON COLUMN pay.withdrawals.rate IS 'Billionths of a TON for one Star, fixed when it was asked for.';
COMMENT ON COLUMN pay.withdrawals.needs_approval IS 'It was over the limit above which an operator decides.';
COMMENT ON COLUMN pay.withdrawals.waits_for IS
    'Why an operator has to decide: limit; banned; failed (it was refused, nothing left); unknown (nobody can tell whether it left).';
COMMENT ON COLUMN pay.withdrawals.requested_at IS 'When it was asked for, by the clock of Redis; its UTC day is the one whose totals it counts in.';
COMMENT ON COLUMN pay.withdrawals.hold_until IS 'Not before this.';
COMMENT ON COLUMN pay.withdrawals.attempt IS 'The attempt''s number; the next begins only when this one surely came to nothing, or an operator says so.';
COMMENT ON COLUMN pay.withdrawals.retries IS 'Attempts that came to nothing since an operator last looked.';
COMMENT ON COLUMN pay.withdrawals.begun_at IS 'Since when this attempt may have left; null: it has not.';
COMMENT ON COLUMN pay.withdrawals.book_offset IS 'How long Telegram''s book was, at least, when the attempt began: it stands behind that.';
COMMENT ON COLUMN pay.withdrawals.query_id IS 'The number of the message at the wallet: shift of 13 bits and bit number up to 1022.';
COMMENT ON COLUMN pay.withdrawals.message_at IS 'created_at of the message, in seconds.';
COMMENT ON COLUMN pay.withdrawals.message_expires IS 'From this second of the chain on, the wallet refuses the message.';
COMMENT ON COLUMN pay.withdrawals.message_hash IS 'The normalised hash by which the chain knows the message, in hex.';
COMMENT ON COLUMN pay.withdrawals.boc IS 'The signed message, in base64: always the same is sent.';
COMMENT ON COLUMN pay.withdrawals.next_try_at IS 'When to go on; whoever took it has it until then.';
COMMENT ON COLUMN pay.withdrawals.reference IS 'What shows that it was paid: hash of the transaction, or Telegram''s id of it.';
COMMENT ON COLUMN pay.withdrawals.error IS 'What was wrong last.';
COMMENT ON COLUMN pay.withdrawals.review IS 'What an operator decided last.';
COMMENT ON COLUMN pay.withdrawals.reviewed_by IS 'Who decided.';
COMMENT ON COLUMN pay.withdrawals.reviewed_at IS 'When.';
COMMENT ON COLUMN pay.withdrawals.closed_at IS 'When it was sent or returned.';

CREATE TABLE pay.withdrawal_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    withdrawal_id uuid NOT NULL REFERENCES pay.withdrawals,
    state pay.withdrawal_state NOT NULL,
    attempt int NOT NULL,
    actor varchar(100) NOT NULL,
    login name NOT NULL DEFAULT session_user,
    detail varchar(200),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX events_of_withdrawal ON pay.withdrawal_events (withdrawal_id, event_id);

COMMENT ON TABLE pay.withdrawal_events IS 'Every step of every withdrawal: who, when, what. Only ever added to.';
COMMENT ON COLUMN pay.withdrawal_events.event_id IS 'Its number.';
COMMENT ON COLUMN pay.withdrawal_events.withdrawal_id IS 'Which withdrawal.';
COMMENT ON COLUMN pay.withdrawal_events.state IS 'The state after it.';
COMMENT ON COLUMN pay.withdrawal_events.attempt IS 'The attempt after it.';
COMMENT ON COLUMN pay.withdrawal_events.actor IS 'player, worker, or an operator''s name.';
COMMENT ON COLUMN pay.withdrawal_events.login IS 'The database login it came from.';
COMMENT ON COLUMN pay.withdrawal_events.detail IS 'What happened.';
COMMENT ON COLUMN pay.withdrawal_events.created_at IS 'When.';

ALTER TABLE pay.withdrawals ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.withdrawals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.withdrawals
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.withdrawals TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.withdrawals IS 'A withdrawal belongs to the user it names.';
COMMENT ON POLICY money ON pay.withdrawals IS 'Functions of money act for whoever is paid.';

CREATE SEQUENCE pay.highload_queries AS int MINVALUE 0 MAXVALUE 8380415 START 0 CYCLE;
COMMENT ON SEQUENCE pay.highload_queries IS 'Messages of the paying wallet: 8192 shifts of 1023 bits each.';

INSERT INTO ledger.accounts (kind) VALUES ('held'), ('chain') ON CONFLICT DO NOTHING;

GRANT SELECT, INSERT, UPDATE ON pay.withdrawals TO ct_ledger;
GRANT SELECT, INSERT ON pay.withdrawal_events TO ct_ledger;
GRANT USAGE ON SEQUENCE pay.highload_queries TO ct_ledger;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION auth.payee(p_user_id bigint, OUT o_telegram_id bigint, OUT o_banned boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.telegram_id, a.banned_at IS NOT NULL FROM auth.users AS a WHERE a.user_id = p_user_id;
END;

COMMENT ON FUNCTION auth.payee(bigint) IS 'The Telegram user of an account, and whether it is banned.';

GRANT EXECUTE ON FUNCTION auth.payee(bigint) TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.note_withdrawal(p_withdrawal pay.withdrawals, p_actor text, p_detail text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO pay.withdrawal_events (withdrawal_id, state, attempt, actor, detail)
    VALUES (p_withdrawal.withdrawal_id, p_withdrawal.state, p_withdrawal.attempt, p_actor, left(p_detail, 200));
END;

COMMENT ON FUNCTION pay.note_withdrawal(pay.withdrawals, text, text) IS 'Writes a step down.';

CREATE FUNCTION pay.withdrawn(p_user_id bigint, p_at timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(sum(w.stars), 0) FROM pay.withdrawals AS w
    WHERE w.requested_at >= date_trunc('day', p_at, 'UTC')
        AND w.requested_at < date_trunc('day', p_at, 'UTC') + interval '24 hours'
        AND (p_user_id IS NULL OR w.user_id = p_user_id) AND w.state <> 'returned';
END;

COMMENT ON FUNCTION pay.withdrawn(bigint, timestamptz) IS 'Stars asked for on a UTC day, of a user or of all, less those that came back.';

CREATE FUNCTION pay.request_withdrawal(
    p_user_id bigint, p_withdrawal_id uuid, p_method pay.payout_method, p_stars bigint, p_months int, p_network text,
    p_rate bigint, p_now_ms bigint, p_hold_s bigint, p_approval_stars bigint, p_account_day bigint, p_house_day bigint,
    p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision,
    OUT o_status text, OUT o_answer bytea, OUT o_balance bigint, OUT o_limit text, OUT o_until_ms bigint,
    OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_now timestamptz := to_timestamp(p_now_ms / 1000.0);
    v_subject text;
    v_payee record;
    v_address text;
BEGIN
    IF p_user_id IS DISTINCT FROM auth.claim() THEN
        RAISE EXCEPTION 'the claim names another user' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT k.o_status, k.o_subject, k.o_answer INTO o_status, v_subject, o_answer
    FROM game.take_key(p_user_id, p_endpoint, p_key, p_body_hash, p_lease_s, p_withdrawal_id::text) AS k;
    IF o_status = 'resume' THEN
        SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w WHERE w.withdrawal_id = v_subject::uuid;
        SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = p_user_id;
    END IF;
    IF o_status <> 'new' THEN
        RETURN;
    END IF;
    -- Requests wait here for each other, so that together they pass no total of the day.
    PERFORM pg_advisory_xact_lock(hashtextextended('pay.withdrawals', 0));
    SELECT b.balance INTO STRICT o_balance FROM ledger.balances AS b WHERE b.user_id = p_user_id FOR NO KEY UPDATE;
    SELECT a.o_telegram_id AS telegram_id, a.o_banned AS banned INTO STRICT v_payee FROM auth.payee(p_user_id) AS a;
    IF p_method = 'ton' THEN
        SELECT w.address INTO v_address FROM pay.wallets AS w
        WHERE w.user_id = p_user_id AND w.network = p_network AND w.unlinked_at IS NULL;
    END IF;
    IF pay.withdrawn(p_user_id, v_now) + p_stars > p_account_day THEN
        o_limit := 'account_day';
    ELSIF pay.withdrawn(NULL, v_now) + p_stars > p_house_day THEN
        o_limit := 'house_day';
    END IF;
    o_status := CASE
        WHEN v_payee.banned THEN 'banned'
        WHEN p_method = 'ton' AND v_address IS NULL THEN 'conflict'
        WHEN p_method = 'premium' AND v_payee.telegram_id IS NULL THEN 'conflict'
        WHEN o_balance < p_stars THEN 'insufficient_balance'
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
        CASE WHEN p_method = 'ton' THEN p_rate END, p_stars > p_approval_stars, v_now,
        v_now + make_interval(secs => p_hold_s)
    )
    RETURNING w.* INTO o_withdrawal;
    o_balance := o_balance - p_stars;
    PERFORM pay.note_withdrawal(o_withdrawal, 'player', 'requested');
END
$function$;

COMMENT ON FUNCTION pay.request_withdrawal(bigint, uuid, pay.payout_method, bigint, int, text, bigint, bigint, bigint, bigint, bigint, bigint, text, text, bytea, double precision) IS
    'Takes Stars from the balance to pay them out later, once for a key. conflict: there is no wallet, or no Telegram user, to pay to; limit_reached: account_day or house_day. The claim must be the player''s.';

CREATE FUNCTION pay.my_withdrawals(p_before bigint, p_limit int) RETURNS SETOF pay.withdrawals
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.* FROM pay.withdrawals AS w
    WHERE w.user_id = auth.claim() AND (p_before IS NULL OR w.number < p_before)
    ORDER BY w.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.my_withdrawals(bigint, int) IS 'Withdrawals of the claim''s user, newest first, below a number.';

CREATE FUNCTION pay.release_withdrawals(p_now_ms bigint, p_limit int) RETURNS SETOF pay.withdrawals
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row pay.withdrawals;
    v_banned boolean;
BEGIN
    FOR v_row IN
        SELECT w.* FROM pay.withdrawals AS w
        WHERE w.state = 'held' AND w.hold_until <= to_timestamp(p_now_ms / 1000.0)
        ORDER BY w.number LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        v_banned := (SELECT a.o_banned FROM auth.payee(v_row.user_id) AS a);
        v_row.waits_for := CASE
            WHEN v_banned THEN 'banned' WHEN v_row.needs_approval AND v_row.review IS NULL THEN 'limit'
        END;
        v_row.state := CASE WHEN v_row.waits_for IS NULL THEN 'sending' ELSE 'approval' END;
        v_row.next_try_at := CASE WHEN v_row.waits_for IS NULL THEN to_timestamp(p_now_ms / 1000.0) END;
        UPDATE pay.withdrawals AS w
        SET state = v_row.state, waits_for = v_row.waits_for, next_try_at = v_row.next_try_at
        WHERE w.withdrawal_id = v_row.withdrawal_id;
        PERFORM pay.note_withdrawal(v_row, 'worker', coalesce('waits: ' || v_row.waits_for, 'the hold is over'));
        RETURN NEXT v_row;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION pay.release_withdrawals(bigint, int) IS
    'Ends holds whose time is over: on to sending, or to an operator where the account is banned or the sum is over the limit.';

CREATE FUNCTION pay.take_withdrawals(p_method pay.payout_method, p_now_ms bigint, p_lease_s double precision, p_limit int)
    RETURNS SETOF pay.withdrawals
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.withdrawals AS w
    SET next_try_at = to_timestamp(p_now_ms / 1000.0) + make_interval(secs => p_lease_s)
    WHERE w.withdrawal_id IN (
        SELECT d.withdrawal_id FROM pay.withdrawals AS d
        WHERE d.state = 'sending' AND d.method = p_method AND d.next_try_at <= to_timestamp(p_now_ms / 1000.0)
        ORDER BY d.next_try_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING w.*;
END;

COMMENT ON FUNCTION pay.take_withdrawals(pay.payout_method, bigint, double precision, int) IS
    'Withdrawals that are to be gone on with now; each is the caller''s for so many seconds.';

CREATE FUNCTION pay.next_query() RETURNS int
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT (n / 1023) * 1024 + n % 1023 FROM nextval('pay.highload_queries') AS n;
END;

COMMENT ON FUNCTION pay.next_query() IS 'A number for a message of the paying wallet, not used in the eight million before it.';

CREATE FUNCTION pay.begin_payout(
    p_withdrawal_id uuid, p_attempt int, p_now_ms bigint, p_query_id int, p_message_at bigint, p_message_expires bigint,
    p_message_hash text, p_boc text, OUT o_status text, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w
    WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    IF o_withdrawal.state <> 'sending' OR o_withdrawal.attempt <> p_attempt OR o_withdrawal.begun_at IS NOT NULL THEN
        o_status := 'stale';
        RETURN;
    END IF;
    IF (SELECT a.o_banned FROM auth.payee(o_withdrawal.user_id) AS a) THEN
        UPDATE pay.withdrawals AS w SET state = 'approval', waits_for = 'banned', next_try_at = NULL
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        PERFORM pay.note_withdrawal(o_withdrawal, 'worker', 'waits: banned');
        o_status := 'stopped';
        RETURN;
    END IF;
    UPDATE pay.withdrawals AS w
    SET begun_at = to_timestamp(p_now_ms / 1000.0), query_id = p_query_id, message_at = p_message_at,
        message_expires = p_message_expires, message_hash = p_message_hash, boc = p_boc,
        book_offset = CASE WHEN w.method = 'premium' THEN
            coalesce((SELECT max(r.next_offset) FROM pay.star_reconciliations AS r), 0) END
    WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
    PERFORM pay.note_withdrawal(o_withdrawal, 'worker', 'begun');
    o_status := 'begun';
EXCEPTION WHEN unique_violation THEN
    -- Another gift to the same person is under way: Telegram's book could not tell the two apart.
    o_status := 'busy';
END
$function$;

COMMENT ON FUNCTION pay.begin_payout(uuid, int, bigint, int, bigint, bigint, text, text) IS
    'Commits that an attempt may leave from now on, with the message it is to be. begun: send it; stale: somebody else has gone on; stopped: the account is banned; busy: come again.';

CREATE FUNCTION pay.end_payout(
    p_withdrawal_id uuid, p_attempt int, p_outcome text, p_detail text, p_reference text, p_next_ms bigint,
    OUT o_status text, OUT o_balance bigint, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w
    WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    o_status := 'stale';
    IF o_withdrawal.state = 'sending' AND o_withdrawal.attempt = p_attempt THEN
        o_status := p_outcome;
        o_withdrawal := pay.close_withdrawal(
            o_withdrawal, p_outcome, 'worker', p_detail, p_reference, to_timestamp(p_next_ms / 1000.0)
        );
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_withdrawal.user_id;
END
$function$;

CREATE FUNCTION pay.close_withdrawal(
    p_row pay.withdrawals, p_outcome text, p_actor text, p_detail text, p_reference text, p_next_at timestamptz
) RETURNS pay.withdrawals
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_same_error boolean := p_row.error IS NOT DISTINCT FROM left(p_detail, 200);
BEGIN
    CASE p_outcome
    WHEN 'sent' THEN
        PERFORM ledger.post(
            'payout:' || p_row.withdrawal_id, 'payout', NULL, NULL,
            ARRAY[
                pay.house_account('held'),
                pay.house_account(CASE p_row.method WHEN 'ton' THEN 'chain' ELSE 'telegram' END::ledger.account_kind)
            ],
            ARRAY[-p_row.stars, p_row.stars]
        );
        UPDATE pay.withdrawals AS w
        SET state = 'sent', waits_for = NULL, next_try_at = NULL, closed_at = now(), reference = p_reference, error = NULL
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO p_row;
    WHEN 'returned' THEN
        PERFORM ledger.post(
            'withdrawal_return:' || p_row.withdrawal_id, 'withdrawal_return', NULL, left(p_detail, 100),
            ARRAY[pay.house_account('held'), pay.player_account(p_row.user_id)], ARRAY[-p_row.stars, p_row.stars]
        );
        UPDATE pay.withdrawals AS w
        SET state = 'returned', waits_for = NULL, next_try_at = NULL, closed_at = now(), error = left(p_detail, 200)
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO p_row;
    WHEN 'later' THEN
        UPDATE pay.withdrawals AS w SET next_try_at = p_next_at, error = left(p_detail, 200)
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO p_row;
        IF v_same_error THEN
            RETURN p_row;
        END IF;
    WHEN 'unknown' THEN
        UPDATE pay.withdrawals AS w
        SET state = 'approval', waits_for = 'unknown', next_try_at = NULL, error = left(p_detail, 200)
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO p_row;
    ELSE
        -- again, failed: the attempt surely came to nothing, so that the next may be another message.
        UPDATE pay.withdrawals AS w
        SET state = CASE p_outcome WHEN 'again' THEN 'sending' ELSE 'approval' END::pay.withdrawal_state,
            waits_for = CASE p_outcome WHEN 'failed' THEN 'failed' END,
            next_try_at = CASE p_outcome WHEN 'again' THEN p_next_at END,
            attempt = w.attempt + 1,
            retries = CASE WHEN p_outcome = 'again' AND p_actor = 'worker' THEN w.retries + 1 ELSE 0 END, begun_at = NULL, query_id = NULL, message_at = NULL, message_expires = NULL,
            message_hash = NULL, boc = NULL, book_offset = NULL, error = left(p_detail, 200)
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO STRICT p_row;
    END CASE;
    PERFORM pay.note_withdrawal(p_row, p_actor, concat_ws(': ', p_outcome, p_detail));
    RETURN p_row;
END
$function$;

COMMENT ON FUNCTION pay.end_payout(uuid, int, text, text, text, bigint) IS
    'What became of an attempt: sent; returned (refused, the Stars go back); later (go on with the same); again (surely nothing left: a new attempt); failed (the same, but an operator decides); unknown (an operator decides). stale: it is not under way.';
COMMENT ON FUNCTION pay.close_withdrawal(pay.withdrawals, text, text, text, text, timestamptz) IS
    'Takes a withdrawal whose row is locked on; its words are those of pay.end_payout.';

CREATE FUNCTION pay.review_withdrawal(
    p_withdrawal_id uuid, p_decision text, p_by text, p_now_ms bigint,
    OUT o_status text, OUT o_balance bigint, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_word text := CASE p_decision WHEN 'approve' THEN 'approved' WHEN 'refuse' THEN 'refused' ELSE 'paid' END;
BEGIN
    SELECT w.* INTO o_withdrawal FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        o_status := 'not_found';
        RETURN;
    END IF;
    o_status := 'conflict';
    IF o_withdrawal.state NOT IN ('held', 'approval') THEN
        -- Repeated, it is ok again.
        IF o_withdrawal.review = v_word
            AND o_withdrawal.state = ANY (CASE p_decision
                WHEN 'approve' THEN ARRAY['sending', 'sent'] WHEN 'refuse' THEN ARRAY['returned'] ELSE ARRAY['sent']
            END::pay.withdrawal_state[])
        THEN
            o_status := 'ok';
        END IF;
    ELSIF p_decision = 'approve' AND (SELECT a.o_banned FROM auth.payee(o_withdrawal.user_id) AS a) THEN
        o_status := 'banned';
    ELSIF p_decision <> 'paid' OR o_withdrawal.waits_for = 'unknown' THEN
        o_status := 'ok';
        UPDATE pay.withdrawals AS w SET review = v_word, reviewed_by = p_by, reviewed_at = now()
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        IF p_decision = 'approve' AND o_withdrawal.state = 'held' THEN
            PERFORM pay.note_withdrawal(o_withdrawal, p_by, 'approved, the hold goes on');
        ELSIF p_decision = 'approve' THEN
            o_withdrawal := pay.close_withdrawal(
                o_withdrawal, 'again', p_by, 'approved', NULL, to_timestamp(p_now_ms / 1000.0)
            );
        ELSIF p_decision = 'refuse' THEN
            o_withdrawal := pay.close_withdrawal(o_withdrawal, 'returned', p_by, 'refused', NULL, NULL);
        ELSE
            o_withdrawal := pay.close_withdrawal(o_withdrawal, 'sent', p_by, 'paid', NULL, NULL);
        END IF;
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_withdrawal.user_id;
END
$function$;

COMMENT ON FUNCTION pay.review_withdrawal(uuid, text, text, bigint) IS
    'An operator''s decision: approve (of one whose outcome is unknown: send it anew), refuse (the Stars go back), paid (it is known by now that it left). Repeated, it is ok again; banned: only refuse; conflict: it does not wait for anybody.';

CREATE FUNCTION pay.gifts_known(p_transaction_ids text[]) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(array_agg(w.reference), '{}') FROM pay.withdrawals AS w WHERE w.reference = ANY (p_transaction_ids);
END;

COMMENT ON FUNCTION pay.gifts_known(text[]) IS 'Which of Telegram''s transactions already show that some withdrawal was paid.';

CREATE FUNCTION pay.list_withdrawals(p_state pay.withdrawal_state, p_user_id bigint, p_limit int)
    RETURNS SETOF pay.withdrawals
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.* FROM pay.withdrawals AS w
    WHERE (p_state IS NULL OR w.state = p_state) AND (p_user_id IS NULL OR w.user_id = p_user_id)
    ORDER BY w.number DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_withdrawals(pay.withdrawal_state, bigint, int) IS 'For operators: the latest withdrawals, of a state or a user if one is named.';

CREATE FUNCTION pay.withdrawal_report(p_withdrawal_id uuid, OUT o_withdrawal pay.withdrawals, OUT o_events jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w, (
        SELECT jsonb_agg(jsonb_build_object(
            'at', e.created_at, 'state', e.state, 'attempt', e.attempt, 'by', e.actor, 'login', e.login, 'what', e.detail
        ) ORDER BY e.event_id)
        FROM pay.withdrawal_events AS e WHERE e.withdrawal_id = w.withdrawal_id
    )
    FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id;
END;

COMMENT ON FUNCTION pay.withdrawal_report(uuid) IS 'For operators: one withdrawal and its steps.';

CREATE FUNCTION pay.audit_withdrawals() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT 'held_differs', 'account held', 'ledger ' || l.stars || ', withdrawals ' || w.stars
    FROM (
        SELECT coalesce(sum(e.amount), 0) AS stars FROM ledger.entries AS e WHERE e.account_id = pay.house_account('held')
    ) AS l, (
        SELECT coalesce(sum(o.stars), 0) AS stars FROM pay.withdrawals AS o WHERE o.state NOT IN ('sent', 'returned')
    ) AS w
    WHERE l.stars <> w.stars
    UNION ALL
    SELECT 'withdrawal_transfer_differs', 'withdrawal ' || w.withdrawal_id, w.state || ', ' || k.kind
        || CASE WHEN t.transfer_id IS NULL THEN ' is missing' ELSE ' is in the ledger' END
    FROM pay.withdrawals AS w
    CROSS JOIN unnest(ARRAY['withdrawal', 'payout', 'withdrawal_return']) AS k (kind)
    LEFT JOIN ledger.transfers AS t ON t.key = k.kind || ':' || w.withdrawal_id
    WHERE (t.transfer_id IS NOT NULL)
        <> (k.kind = 'withdrawal' OR (k.kind = 'payout' AND w.state = 'sent')
            OR (k.kind = 'withdrawal_return' AND w.state = 'returned'))
    UNION ALL
    SELECT 'withdrawal_amount_differs', t.key, 'ledger ' || e.amount || ', withdrawal ' || w.stars
    FROM pay.withdrawals AS w
    JOIN ledger.transfers AS t
        ON t.key IN ('withdrawal:' || w.withdrawal_id, 'payout:' || w.withdrawal_id, 'withdrawal_return:' || w.withdrawal_id)
    JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = pay.house_account('held')
    WHERE abs(e.amount) <> w.stars
    UNION ALL
    SELECT 'transfer_without_withdrawal', t.key, t.kind::text
    FROM ledger.transfers AS t
    WHERE t.kind IN ('withdrawal', 'payout', 'withdrawal_return')
        AND NOT EXISTS (SELECT FROM pay.withdrawals AS w WHERE w.withdrawal_id::text = split_part(t.key, ':', 2));
END;

COMMENT ON FUNCTION pay.audit_withdrawals() IS 'Everything that is wrong with withdrawals and their entries at this moment; no rows: nothing is.';

GRANT EXECUTE ON FUNCTION
    pay.request_withdrawal(bigint, uuid, pay.payout_method, bigint, int, text, bigint, bigint, bigint, bigint, bigint, bigint, text, text, bytea, double precision),
    pay.my_withdrawals(bigint, int)
TO ct_player;
GRANT EXECUTE ON FUNCTION
    pay.release_withdrawals(bigint, int),
    pay.take_withdrawals(pay.payout_method, bigint, double precision, int),
    pay.next_query(),
    pay.begin_payout(uuid, int, bigint, int, bigint, bigint, text, text),
    pay.end_payout(uuid, int, text, text, text, bigint),
    pay.gifts_known(text[]),
    pay.review_withdrawal(uuid, text, text, bigint),
    pay.list_withdrawals(pay.withdrawal_state, bigint, int),
    pay.withdrawal_report(uuid),
    pay.audit_withdrawals()
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
RESET ROLE;
