-- Deposits of TON: what the chain shows to have come to the house's address, credited once a transaction; and how far
-- the chain was read, kept in the transaction of the credits.
--
-- The ledger's account `chain` goes down by the Stars that were credited for TON.  What came and is nobody's yet has no
-- worth in Stars: it is kept here only, until an operator says whose it is.
-- Locks are taken in one order: the cursor, the payments by their ids, the balances by their accounts.
-- depends: 0022.wallets 0021.stars

SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA pay TO ct_ledger;

CREATE TABLE pay.chain_cursors (
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    account text NOT NULL CHECK (account ~ '^(0|-1):[0-9a-f]{64}$'),
    lt bigint NOT NULL DEFAULT 0 CHECK (lt >= 0),
    seen_lt bigint NOT NULL DEFAULT 0 CHECK (seen_lt >= 0),
    gap_since timestamptz,
    read_at timestamptz,
    PRIMARY KEY (network, account)
);

COMMENT ON TABLE pay.chain_cursors IS 'How far the transactions of each of the house''s addresses were read.';
COMMENT ON COLUMN pay.chain_cursors.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_cursors.account IS 'The address, raw.';
COMMENT ON COLUMN pay.chain_cursors.lt IS 'Logical time up to which everything is recorded, without a gap.';
COMMENT ON COLUMN pay.chain_cursors.seen_lt IS 'The highest logical time that was recorded.';
COMMENT ON COLUMN pay.chain_cursors.gap_since IS 'Since when a transaction is known to be missing between lt and seen_lt; null: none is.';
COMMENT ON COLUMN pay.chain_cursors.read_at IS 'When it was read last.';

CREATE TABLE pay.chain_receipts (
    receipt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network text NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    account text NOT NULL,
    lt bigint NOT NULL,
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    mc_seqno bigint NOT NULL,
    source text NOT NULL,
    nanoton bigint NOT NULL CHECK (nanoton > 0),
    comment varchar(200),
    memo text,
    state text NOT NULL CHECK (state IN ('credited', 'review', 'ignored')),
    reason text CHECK (reason IN (
        'no_memo', 'unknown', 'repeated', 'short', 'late', 'aborted', 'dust', 'bounced', 'jetton', 'foreign', 'sends',
        'excess', 'dismissed'
    )),
    payment_id uuid REFERENCES pay.payments,
    user_id bigint REFERENCES public.users,
    stars bigint CHECK (stars > 0),
    rate bigint CHECK (rate > 0),
    sent_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    decided_by varchar(100),
    decided_at timestamptz,
    UNIQUE (account, lt, hash),
    CHECK ((state = 'credited') = (stars IS NOT NULL)),
    CHECK ((stars IS NULL) = (rate IS NULL)),
    CHECK (state <> 'credited' OR user_id IS NOT NULL),
    CHECK (state = 'credited' OR reason IS NOT NULL),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL))
);
CREATE INDEX chain_receipts_review ON pay.chain_receipts (receipt_id) WHERE state = 'review';
CREATE INDEX chain_receipts_of_payment ON pay.chain_receipts (payment_id);
CREATE INDEX chain_receipts_of_user ON pay.chain_receipts (user_id, receipt_id);

COMMENT ON TABLE pay.chain_receipts IS 'Messages with TON that came to the house''s addresses, one row a transaction; never deleted.';
COMMENT ON COLUMN pay.chain_receipts.receipt_id IS 'Rises with every receipt.';
COMMENT ON COLUMN pay.chain_receipts.network IS 'Which chain.';
COMMENT ON COLUMN pay.chain_receipts.account IS 'The house''s address, raw.';
COMMENT ON COLUMN pay.chain_receipts.lt IS 'The transaction''s logical time.';
COMMENT ON COLUMN pay.chain_receipts.hash IS 'The transaction''s hash, in hex.';
COMMENT ON COLUMN pay.chain_receipts.mc_seqno IS 'The masterchain block that made it final.';
COMMENT ON COLUMN pay.chain_receipts.source IS 'Who sent it, raw.';
COMMENT ON COLUMN pay.chain_receipts.nanoton IS 'Billionths of a TON that came with it.';
COMMENT ON COLUMN pay.chain_receipts.comment IS 'The text in it, made printable.';
COMMENT ON COLUMN pay.chain_receipts.memo IS 'The memo that was read in the comment, if it has the form of one.';
COMMENT ON COLUMN pay.chain_receipts.state IS 'credited; review: an operator looks; ignored: nothing that could be credited.';
COMMENT ON COLUMN pay.chain_receipts.reason IS
    'no_memo; unknown (memo); repeated (the memo was used); short (less than was ordered); late (credited at the rate of the moment, or no rate); aborted (the address has no code); dust; bounced (our own message came back); jetton (a token, or what pretends to be one); foreign (another destination); sends (the address acted); excess (credited with more than was ordered); dismissed (by an operator).';
COMMENT ON COLUMN pay.chain_receipts.payment_id IS 'The order that the memo names, or that an operator chose.';
COMMENT ON COLUMN pay.chain_receipts.user_id IS 'Whose it is.';
COMMENT ON COLUMN pay.chain_receipts.stars IS 'Stars that were credited for it.';
COMMENT ON COLUMN pay.chain_receipts.rate IS 'Billionths of a TON for one Star, by which they were.';
COMMENT ON COLUMN pay.chain_receipts.sent_at IS 'The time of the transaction, by the chain.';
COMMENT ON COLUMN pay.chain_receipts.recorded_at IS 'When it was recorded here.';
COMMENT ON COLUMN pay.chain_receipts.decided_by IS 'Which operator decided about it.';
COMMENT ON COLUMN pay.chain_receipts.decided_at IS 'When the operator decided.';

ALTER TABLE pay.chain_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.chain_receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.chain_receipts
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.chain_receipts TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.chain_receipts IS 'A receipt belongs to the user it was credited to.';
COMMENT ON POLICY money ON pay.chain_receipts IS 'Functions of money act for whoever pays.';

INSERT INTO ledger.accounts (kind) VALUES ('chain') ON CONFLICT DO NOTHING;

GRANT SELECT, INSERT, UPDATE ON pay.chain_cursors, pay.chain_receipts TO ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION pay.request_ton(
    p_user_id bigint, p_payment_id uuid, p_memo text, p_stars bigint, p_rate bigint, p_address text, p_network text,
    p_created_ms bigint, p_expires_ms bigint,
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
    INSERT INTO pay.payments AS p (
        payment_id, user_id, method, stars, created_at, expires_at,
        ton_address, ton_nanoton, ton_memo, ton_rate, ton_network
    )
    VALUES (
        p_payment_id, p_user_id, 'ton', p_stars,
        to_timestamp(p_created_ms / 1000.0), to_timestamp(p_expires_ms / 1000.0),
        p_address, p_stars * p_rate, p_memo, p_rate, p_network
    )
    RETURNING p.* INTO o_payment;
    o_status := 'new';
END
$function$;

COMMENT ON FUNCTION pay.request_ton(bigint, uuid, text, bigint, bigint, text, text, bigint, bigint, text, text, bytea, double precision) IS
    'Orders Stars for TON at a rate, once for a key. conflict: twenty orders wait already. The claim must be the player''s.';

CREATE FUNCTION pay.credit_ton(p_receipt_id bigint, p_user_id bigint, p_payment_id uuid, p_rate bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_receipt pay.chain_receipts;
BEGIN
    UPDATE pay.chain_receipts AS r
    SET state = 'credited', reason = p_reason, user_id = p_user_id, payment_id = p_payment_id, rate = p_rate,
        stars = r.nanoton / p_rate
    WHERE r.receipt_id = p_receipt_id
    RETURNING r.* INTO STRICT v_receipt;
    PERFORM ledger.post(
        'deposit:ton:' || v_receipt.hash, 'deposit', NULL, p_reason,
        ARRAY[pay.house_account('chain'), pay.player_account(p_user_id)],
        ARRAY[-v_receipt.stars, v_receipt.stars]
    );
    UPDATE pay.payments AS p
    SET state = 'paid', credited = p.credited + v_receipt.stars, paid_at = coalesce(p.paid_at, v_receipt.sent_at)
    WHERE p.payment_id = p_payment_id;
END
$function$;

COMMENT ON FUNCTION pay.credit_ton(bigint, bigint, uuid, bigint, text) IS
    'Credits a receipt in whole Stars at a rate; what is left of a Star stays with the house.';

CREATE FUNCTION pay.record_chain(
    p_network text, p_account text, p_cursor bigint, p_seen bigint, p_gap boolean,
    p_lts bigint[], p_hashes text[], p_seqnos bigint[], p_sources text[], p_nanotons bigint[], p_comments text[],
    p_memos text[], p_refusals text[], p_sent bigint[],
    p_late_s double precision, p_dust bigint, p_rate bigint
) RETURNS TABLE (receipt pay.chain_receipts, payment pay.payments, balance bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_seen record;
    v_payment pay.payments;
    v_reason text;
    v_rate bigint;
    v_receipt_id bigint;
    v_new bigint[] := '{}';
BEGIN
    -- Readers of one address wait here for each other.
    INSERT INTO pay.chain_cursors (network, account) VALUES (p_network, p_account) ON CONFLICT DO NOTHING;
    PERFORM FROM pay.chain_cursors AS c WHERE c.network = p_network AND c.account = p_account FOR NO KEY UPDATE;
    PERFORM FROM pay.payments AS p WHERE p.ton_memo = ANY (p_memos) ORDER BY p.payment_id FOR NO KEY UPDATE;
    PERFORM FROM ledger.balances AS b
    WHERE b.user_id IN (SELECT p.user_id FROM pay.payments AS p WHERE p.ton_memo = ANY (p_memos))
    ORDER BY b.account_id FOR NO KEY UPDATE;

    FOR v_seen IN
        SELECT * FROM unnest(
            p_lts, p_hashes, p_seqnos, p_sources, p_nanotons, p_comments, p_memos, p_refusals, p_sent
        ) AS t (lt, hash, mc_seqno, source, nanoton, comment, memo, refusal, sent)
        ORDER BY t.lt, t.hash
    LOOP
        -- Most of what is read was read before; the constraint alone would use up a number for each.
        CONTINUE WHEN EXISTS (
            SELECT FROM pay.chain_receipts AS r
            WHERE r.account = p_account AND r.lt = v_seen.lt AND r.hash = v_seen.hash
        );
        INSERT INTO pay.chain_receipts AS r (
            network, account, lt, hash, mc_seqno, source, nanoton, comment, memo, state, reason, sent_at
        )
        VALUES (
            p_network, p_account, v_seen.lt, v_seen.hash, v_seen.mc_seqno, v_seen.source, v_seen.nanoton, v_seen.comment,
            v_seen.memo, 'review', 'unknown', to_timestamp(v_seen.sent)
        )
        RETURNING r.receipt_id INTO v_receipt_id;
        v_new := v_new || v_receipt_id;

        v_payment := NULL;
        SELECT p.* INTO v_payment FROM pay.payments AS p
        WHERE v_seen.refusal IS NULL AND p.ton_memo = v_seen.memo
            AND p.ton_network = p_network AND p.ton_address = p_account;
        v_rate := v_payment.ton_rate;
        v_reason := CASE
            WHEN v_seen.refusal IS NOT NULL THEN v_seen.refusal
            WHEN v_seen.memo IS NULL THEN 'no_memo'
            WHEN v_payment.payment_id IS NULL THEN 'unknown'
            WHEN v_payment.state IN ('paid', 'refunded') THEN 'repeated'
            WHEN v_seen.nanoton < v_payment.ton_nanoton THEN 'short'
        END;
        IF v_reason IS NULL AND to_timestamp(v_seen.sent) > v_payment.expires_at + make_interval(secs => p_late_s) THEN
            -- The price of the order holds no longer: the price of now, where there is one.
            v_reason := 'late';
            v_rate := p_rate;
        END IF;

        IF (v_reason IS NULL OR v_reason = 'late') AND v_seen.nanoton / v_rate > 0 THEN
            PERFORM pay.credit_ton(
                v_receipt_id, v_payment.user_id, v_payment.payment_id, v_rate,
                coalesce(v_reason, CASE WHEN v_seen.nanoton / v_rate > v_payment.stars THEN 'excess' END)
            );
        ELSE
            IF v_reason IN ('no_memo', 'unknown', 'repeated', 'short') AND v_seen.nanoton < p_dust THEN
                v_reason := 'dust';
            END IF;
            UPDATE pay.chain_receipts AS r
            SET state = CASE
                    WHEN v_reason IN ('dust', 'bounced', 'jetton', 'foreign', 'sends') THEN 'ignored' ELSE 'review'
                END,
                reason = v_reason, payment_id = v_payment.payment_id
            WHERE r.receipt_id = v_receipt_id;
            IF v_reason IN ('short', 'late') THEN
                UPDATE pay.payments AS p SET state = 'review' WHERE p.payment_id = v_payment.payment_id;
            END IF;
        END IF;
    END LOOP;

    UPDATE pay.chain_cursors AS c
    SET lt = greatest(c.lt, p_cursor), seen_lt = greatest(c.seen_lt, p_seen), read_at = now(),
        gap_since = CASE WHEN p_gap THEN coalesce(c.gap_since, now()) END
    WHERE c.network = p_network AND c.account = p_account;

    RETURN QUERY
    SELECT r, p, b.balance
    FROM pay.chain_receipts AS r
    LEFT JOIN pay.payments AS p ON p.payment_id = r.payment_id
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
    WHERE r.receipt_id = ANY (v_new) ORDER BY r.receipt_id;
END
$function$;

COMMENT ON FUNCTION pay.record_chain(text, text, bigint, bigint, boolean, bigint[], text[], bigint[], text[], bigint[], text[], text[], text[], bigint[], double precision, bigint, bigint) IS
    'Records what a reader saw, once a transaction, credits what is to be credited, and moves the cursor, all or nothing. Returns what is new.';

CREATE FUNCTION pay.chain_cursor(p_network text, p_account text) RETURNS SETOF pay.chain_cursors
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.* FROM pay.chain_cursors AS c WHERE c.network = p_network AND c.account = p_account;
END;

COMMENT ON FUNCTION pay.chain_cursor(text, text) IS 'How far an address was read.';

CREATE FUNCTION pay.list_chain(p_state text, p_limit int) RETURNS TABLE (receipt pay.chain_receipts, sender_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r, w.user_id FROM pay.chain_receipts AS r
    LEFT JOIN pay.wallets AS w ON w.network = r.network AND w.address = r.source AND w.unlinked_at IS NULL
    WHERE p_state IS NULL OR r.state = p_state
    ORDER BY r.receipt_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION pay.list_chain(text, int) IS 'For operators: the latest receipts, of a state if one is named, and whose linked wallet the sender is.';

CREATE FUNCTION pay.count_chain(OUT o_credited bigint, OUT o_stars bigint, OUT o_review bigint, OUT o_ignored bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) FILTER (WHERE r.state = 'credited'), coalesce(sum(r.stars), 0)::bigint,
        count(*) FILTER (WHERE r.state = 'review'), count(*) FILTER (WHERE r.state = 'ignored')
    FROM pay.chain_receipts AS r;
END;

COMMENT ON FUNCTION pay.count_chain() IS 'How many receipts there are of each state, and the Stars credited for them.';

CREATE FUNCTION pay.chain_book(p_network text, p_account text, p_from_lt bigint, p_to_lt bigint)
    RETURNS TABLE (lt bigint, hash text, nanoton bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.lt, r.hash, r.nanoton FROM pay.chain_receipts AS r
    WHERE r.network = p_network AND r.account = p_account AND r.lt BETWEEN p_from_lt AND p_to_lt
    ORDER BY r.lt, r.hash;
END;

COMMENT ON FUNCTION pay.chain_book(text, text, bigint, bigint) IS 'What is recorded of an address between two logical times, to be held against the chain.';

CREATE FUNCTION pay.end_review(p_payment_id uuid) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET state = 'expired', closed_at = coalesce(p.closed_at, now())
    WHERE p.payment_id = p_payment_id AND p.state = 'review'
        AND NOT EXISTS (SELECT FROM pay.chain_receipts AS r WHERE r.payment_id = p.payment_id AND r.state = 'review');
END;

COMMENT ON FUNCTION pay.end_review(uuid) IS 'An order for which nothing waits any more was not paid: it is over, and can still be paid.';

CREATE FUNCTION pay.assign_chain(
    p_receipt_id bigint, p_payment_id uuid, p_user_id bigint, p_rate bigint, p_by text,
    OUT o_status text, OUT o_receipt pay.chain_receipts, OUT o_payment pay.payments, OUT o_balance bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_user_id bigint := p_user_id;
    v_rate bigint := p_rate;
    v_named uuid;
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = coalesce(
        p_payment_id,
        -- For the order that its memo named, unless an operator knows better.
        (SELECT r.payment_id FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id AND p_user_id IS NULL)
    ) AND p.method = 'ton'
    FOR NO KEY UPDATE;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id FOR NO KEY UPDATE;
    IF o_payment.payment_id IS NOT NULL THEN
        v_user_id := o_payment.user_id;
        v_rate := coalesce(p_rate, o_payment.ton_rate);
    END IF;
    o_status := CASE
        WHEN o_receipt.receipt_id IS NULL THEN 'not_found'
        WHEN p_payment_id IS NOT NULL AND o_payment.payment_id IS NULL THEN 'no_payment'
        WHEN v_user_id IS NULL OR pay.player_account(v_user_id) IS NULL THEN 'no_user'
        WHEN o_receipt.state = 'credited' AND o_receipt.user_id = v_user_id AND o_receipt.decided_by IS NOT NULL THEN 'ok'
        WHEN o_receipt.state <> 'review' THEN 'conflict'
        WHEN v_rate IS NULL THEN 'no_rate'
        WHEN o_receipt.nanoton / v_rate = 0 THEN 'too_little'
    END;
    IF o_status IS NULL THEN
        v_named := o_receipt.payment_id;
        PERFORM pay.credit_ton(p_receipt_id, v_user_id, o_payment.payment_id, v_rate, o_receipt.reason);
        PERFORM pay.end_review(v_named);
        UPDATE pay.chain_receipts AS r SET decided_by = p_by, decided_at = now() WHERE r.receipt_id = p_receipt_id;
        o_status := 'ok';
    END IF;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id;
    SELECT p.* INTO o_payment FROM pay.payments AS p WHERE p.payment_id = o_receipt.payment_id;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_receipt.user_id;
END
$function$;

COMMENT ON FUNCTION pay.assign_chain(bigint, uuid, bigint, bigint, text) IS
    'An operator''s word whose a receipt in review is: for an order (its own one by default) or for a user at a rate; repeated, it is ok again. conflict: it does not wait for that.';

CREATE FUNCTION pay.dismiss_chain(p_receipt_id bigint, p_by text, OUT o_status text, OUT o_receipt pay.chain_receipts, OUT o_payment pay.payments)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT p.* INTO o_payment FROM pay.payments AS p
    WHERE p.payment_id = (SELECT r.payment_id FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id)
    FOR NO KEY UPDATE;
    SELECT r.* INTO o_receipt FROM pay.chain_receipts AS r WHERE r.receipt_id = p_receipt_id FOR NO KEY UPDATE;
    o_status := CASE
        WHEN o_receipt.receipt_id IS NULL THEN 'not_found'
        WHEN o_receipt.state = 'ignored' AND o_receipt.reason = 'dismissed' THEN 'ok'
        WHEN o_receipt.state <> 'review' THEN 'conflict'
    END;
    IF o_status IS NULL THEN
        UPDATE pay.chain_receipts AS r
        SET state = 'ignored', reason = 'dismissed', decided_by = p_by, decided_at = now()
        WHERE r.receipt_id = p_receipt_id RETURNING r.* INTO o_receipt;
        PERFORM pay.end_review(o_payment.payment_id);
        SELECT p.* INTO o_payment FROM pay.payments AS p WHERE p.payment_id = o_payment.payment_id;
        o_status := 'ok';
    END IF;
END
$function$;

COMMENT ON FUNCTION pay.dismiss_chain(bigint, text) IS
    'An operator''s word that a receipt in review is nobody''s here: sent back by hand, or not meant for the game; repeated, it is ok again.';

CREATE FUNCTION pay.audit_chain() RETURNS TABLE (rule text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH account AS (
        SELECT coalesce(-sum(e.amount), 0) AS stars
        FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id) JOIN ledger.transfers AS t USING (transfer_id)
        WHERE a.kind = 'chain' AND t.kind = 'deposit'
    ), receipts AS (
        SELECT coalesce(sum(r.stars), 0) AS stars FROM pay.chain_receipts AS r
    )
    SELECT 'chain_account_differs', 'ledger', 'ledger ' || account.stars || ', receipts ' || receipts.stars
    FROM account, receipts WHERE account.stars <> receipts.stars
    UNION ALL
    SELECT 'chain_receipt_not_once', 'receipt ' || r.receipt_id,
        r.state || ' ' || coalesce(r.stars, 0) || ', ledger ' || coalesce(e.amount, 0)
    FROM pay.chain_receipts AS r
    LEFT JOIN ledger.transfers AS t ON t.key = 'deposit:ton:' || r.hash
    LEFT JOIN ledger.balances AS b ON b.user_id = r.user_id
    LEFT JOIN ledger.entries AS e ON e.transfer_id = t.transfer_id AND e.account_id = b.account_id
    WHERE coalesce(e.amount, 0) <> coalesce(r.stars, 0)
    UNION ALL
    SELECT 'chain_deposit_without_receipt', 'transfer ' || t.transfer_id, t.key
    FROM ledger.transfers AS t LEFT JOIN pay.chain_receipts AS r ON 'deposit:ton:' || r.hash = t.key
    WHERE t.kind = 'deposit' AND t.key LIKE 'deposit:ton:%' AND r.receipt_id IS NULL
    UNION ALL
    SELECT 'payment_credit_differs', 'payment ' || p.payment_id,
        p.state || ', credited ' || p.credited || ', receipts ' || coalesce(sum(r.stars), 0)
    FROM pay.payments AS p LEFT JOIN pay.chain_receipts AS r ON r.payment_id = p.payment_id AND r.state = 'credited'
    WHERE p.method = 'ton'
    GROUP BY p.payment_id HAVING p.credited <> coalesce(sum(r.stars), 0) OR (p.state = 'paid') <> (p.credited > 0)
    UNION ALL
    SELECT 'credit_to_another', 'receipt ' || r.receipt_id, 'credited to user ' || r.user_id || ', ordered by user ' || p.user_id
    FROM pay.chain_receipts AS r JOIN pay.payments AS p USING (payment_id)
    WHERE r.state = 'credited' AND r.user_id <> p.user_id;
END;

COMMENT ON FUNCTION pay.audit_chain() IS 'Everything that is wrong with deposits of TON and their entries at this moment; no rows: nothing is.';

GRANT EXECUTE ON FUNCTION
    pay.request_ton(bigint, uuid, text, bigint, bigint, text, text, bigint, bigint, text, text, bytea, double precision)
TO ct_player;
GRANT EXECUTE ON FUNCTION
    pay.record_chain(text, text, bigint, bigint, boolean, bigint[], text[], bigint[], text[], bigint[], text[], text[], text[], bigint[], double precision, bigint, bigint),
    pay.chain_cursor(text, text),
    pay.list_chain(text, int),
    pay.count_chain(),
    pay.chain_book(text, text, bigint, bigint),
    pay.assign_chain(bigint, uuid, bigint, bigint, text),
    pay.dismiss_chain(bigint, text),
    pay.audit_chain()
TO ct_settler;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA pay FROM ct_ledger;
RESET ROLE;
