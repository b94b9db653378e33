SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.review_withdrawal(
    p_withdrawal_id uuid, p_decision text, p_reference text, p_now_ms bigint,
    OUT o_status text, OUT o_balance bigint, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_word text := CASE p_decision
        WHEN 'approve' THEN 'approved' WHEN 'refuse' THEN 'refused' WHEN 'paid' THEN 'paid'
    END;
    v_by text := auth.actor();
    v_open text;
BEGIN
    SELECT w.* INTO o_withdrawal FROM pay.withdrawals AS w WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        o_status := 'not_found';
        RETURN;
    END IF;
    o_status := 'conflict';
    IF p_decision = 'search' THEN
        -- The same attempt once more, as when a later version understands what this one did not.  Nothing is decided.
        IF o_withdrawal.waits_for = 'unknown' AND NOT EXISTS (
            -- One gift to a person at a time: their transactions could not be told apart.
            SELECT FROM pay.withdrawals AS o
            WHERE o.telegram_id = o_withdrawal.telegram_id AND o.state = 'sending' AND o.begun_at IS NOT NULL
        ) THEN
            o_status := 'ok';
            UPDATE pay.withdrawals AS w SET begun_at = to_timestamp(p_now_ms / 1000.0)
            WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
            o_withdrawal := pay.close_withdrawal(
                o_withdrawal, 'later', v_by, 'searched again', NULL, to_timestamp(p_now_ms / 1000.0)
            );
        ELSIF o_withdrawal.state = 'sending' THEN
            o_status := 'ok';
        END IF;
    ELSIF p_decision = 'refuse' AND o_withdrawal.state = 'sending' AND o_withdrawal.begun_at IS NULL
        AND o_withdrawal.next_try_at <= to_timestamp(p_now_ms / 1000.0) - interval '10 minutes'
    THEN
        -- Nothing has left, and nobody takes it up: it need not wait until its method is on again.
        o_status := 'ok';
        UPDATE pay.withdrawals AS w SET review = v_word, reviewed_by = v_by, reviewed_at = now()
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        o_withdrawal := pay.close_withdrawal(o_withdrawal, 'returned', v_by, 'refused', NULL, NULL);
    ELSIF o_withdrawal.state NOT IN ('held', 'approval') THEN
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
    ELSIF EXISTS (SELECT FROM pay.withdrawals AS o WHERE o.reference = p_reference) THEN
        o_status := 'taken';
    ELSIF p_decision <> 'paid' OR o_withdrawal.waits_for = 'unknown' THEN
        o_status := 'ok';
        -- Who approves in spite of a review has looked at it: the step says at what.
        SELECT '; under review: ' || u.o_why || ', ' || u.o_stars || ' Stars' INTO v_open
        FROM pay.under_review(o_withdrawal.user_id, NULL) AS u WHERE u.o_why IS NOT NULL;
        UPDATE pay.withdrawals AS w SET review = v_word, reviewed_by = v_by, reviewed_at = now()
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        IF p_decision = 'approve' AND o_withdrawal.state = 'held' THEN
            PERFORM pay.note_withdrawal(o_withdrawal, v_by, concat('approved, the hold goes on', v_open));
        ELSIF p_decision = 'approve' THEN
            o_withdrawal := pay.close_withdrawal(
                o_withdrawal, 'again', v_by, concat('approved', v_open), NULL, to_timestamp(p_now_ms / 1000.0)
            );
        ELSIF p_decision = 'refuse' THEN
            o_withdrawal := pay.close_withdrawal(o_withdrawal, 'returned', v_by, 'refused', NULL, NULL);
        ELSE
            o_withdrawal := pay.close_withdrawal(o_withdrawal, 'sent', v_by, 'paid', p_reference, NULL);
        END IF;
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_withdrawal.user_id;
END
$function$;

COMMENT ON FUNCTION pay.review_withdrawal IS
    'An operator''s decision: approve (of one whose outcome is unknown: send it anew), refuse (the Stars go back), paid (it is known by now that it left, as p_reference if that is known), search (look for the same attempt again). Repeated, it is ok again; banned: only refuse; taken: that transaction counts for another withdrawal; conflict: it does not wait for anybody.';
GRANT EXECUTE ON FUNCTION pay.review_withdrawal TO ct_operator;
