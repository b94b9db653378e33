SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.review_withdrawal(
    p_withdrawal_id uuid, p_decision text, p_now_ms bigint,
    OUT o_status text, OUT o_balance bigint, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_word text := CASE p_decision WHEN 'approve' THEN 'approved' WHEN 'refuse' THEN 'refused' ELSE 'paid' END;
    v_by text := auth.actor();
    v_open text;
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
            o_withdrawal := pay.close_withdrawal(o_withdrawal, 'sent', v_by, 'paid', NULL, NULL);
        END IF;
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_withdrawal.user_id;
END
$function$;

COMMENT ON FUNCTION pay.review_withdrawal IS
    'An operator''s decision: approve (of one whose outcome is unknown: send it anew), refuse (the Stars go back), paid (it is known by now that it left). Repeated, it is ok again; banned: only refuse; conflict: it does not wait for anybody.';
GRANT EXECUTE ON FUNCTION pay.review_withdrawal TO ct_operator;
