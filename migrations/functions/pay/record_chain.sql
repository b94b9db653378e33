SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.record_chain(
    p_network text, p_account text, p_cursor bigint, p_seen bigint, p_gap boolean,
    p_lts bigint[], p_hashes text[], p_seqnos bigint[], p_sources text[], p_nanotons bigint[], p_comments text[],
    p_memos text[], p_refusals text[], p_sent bigint[],
    p_dust bigint, p_rate bigint, p_most_stars bigint
) RETURNS TABLE (receipt pay.chain_receipts, payment pay.payments, balance bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_seen record;
    v_payment pay.payments;
    v_reason text;
    v_rate bigint;
    v_worse bigint;
    v_more bigint;
    v_stars bigint;
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
        v_rate := NULL;
        v_stars := NULL;
        v_reason := CASE
            WHEN v_seen.refusal IS NOT NULL THEN v_seen.refusal
            WHEN v_seen.memo IS NULL THEN 'no_memo'
            WHEN v_payment.payment_id IS NULL THEN 'unknown'
            WHEN v_payment.state IN ('paid', 'refunded') THEN 'repeated'
            WHEN v_seen.nanoton < v_payment.ton_nanoton THEN 'short'
        END;
        IF v_reason IS NULL THEN
            -- The order's price holds for what was ordered, paid while it was waited for.  For everything else whoever
            -- pays could choose between two prices, so it is the worse one; where there is no price now, it waits.
            v_worse := CASE WHEN p_rate IS NOT NULL THEN greatest(p_rate, v_payment.ton_rate) END;
            v_more := v_seen.nanoton - v_payment.ton_nanoton;
            v_reason := CASE
                WHEN to_timestamp(v_seen.sent) > v_payment.expires_at THEN 'late'
                -- Something came for it, and before that it was given up.
                WHEN v_payment.state = 'cancelled' OR v_payment.state = 'review' AND v_payment.closed_at IS NOT NULL
                    THEN 'cancelled'
                WHEN v_more >= v_payment.ton_rate THEN 'excess'
            END;
            v_rate := CASE WHEN v_reason IS NULL THEN v_payment.ton_rate ELSE v_worse END;
            v_stars := CASE
                WHEN v_reason IS NULL THEN v_payment.stars
                WHEN v_reason = 'excess' THEN v_payment.stars + v_more / v_worse
                ELSE v_seen.nanoton / v_worse
            END;
            IF v_stars > greatest(p_most_stars, v_payment.stars) THEN
                v_reason := 'bound';
                v_stars := NULL;
            END IF;
        END IF;

        IF v_stars > 0 THEN
            PERFORM pay.credit_ton(
                v_receipt_id, v_payment.user_id, v_payment.payment_id, v_stars, v_rate, v_reason
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
            IF v_reason IN ('short', 'late', 'cancelled', 'excess', 'bound') THEN
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

COMMENT ON FUNCTION pay.record_chain IS
    'Records what a reader saw, once a transaction, credits what is to be credited (nothing of more than p_most_stars, unless so much was ordered), and moves the cursor, all or nothing. Returns what is new.';
GRANT EXECUTE ON FUNCTION pay.record_chain TO ct_settler;
