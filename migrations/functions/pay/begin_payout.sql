SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.begin_payout(
    p_withdrawal_id uuid, p_attempt int, p_now_ms bigint, p_query_id int, p_message_at bigint, p_message_expires bigint,
    p_message_hash text, p_boc text, p_wallet text, p_bot_id bigint, OUT o_status text, OUT o_withdrawal pay.withdrawals
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_waits_for text;
BEGIN
    SELECT w.* INTO STRICT o_withdrawal FROM pay.withdrawals AS w
    WHERE w.withdrawal_id = p_withdrawal_id FOR NO KEY UPDATE;
    IF o_withdrawal.state <> 'sending' OR o_withdrawal.attempt <> p_attempt OR o_withdrawal.begun_at IS NOT NULL THEN
        o_status := 'stale';
        RETURN;
    END IF;
    PERFORM auth.share_person(o_withdrawal.user_id);
    v_waits_for := CASE
        WHEN (SELECT a.o_banned FROM auth.payee(o_withdrawal.user_id) AS a) THEN 'banned'
        WHEN (SELECT u.o_why IS NOT NULL FROM pay.under_review(o_withdrawal.user_id, o_withdrawal.reviewed_at) AS u)
            THEN 'review'
    END;
    IF v_waits_for IS NOT NULL THEN
        UPDATE pay.withdrawals AS w SET state = 'approval', waits_for = v_waits_for, next_try_at = NULL
        WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
        PERFORM pay.note_withdrawal(o_withdrawal, 'worker', 'waits: ' || v_waits_for);
        o_status := 'stopped';
        RETURN;
    END IF;
    UPDATE pay.withdrawals AS w
    SET begun_at = to_timestamp(p_now_ms / 1000.0), query_id = p_query_id, message_at = p_message_at,
        message_expires = p_message_expires, message_hash = p_message_hash, boc = p_boc, wallet = p_wallet, bot_id = p_bot_id,
        star_offset = CASE WHEN w.method = 'premium' THEN
            coalesce((SELECT b.next_offset FROM pay.star_books AS b WHERE b.bot_id = p_bot_id), 0) END
    WHERE w.withdrawal_id = p_withdrawal_id RETURNING w.* INTO o_withdrawal;
    PERFORM pay.note_withdrawal(o_withdrawal, 'worker', 'begun');
    o_status := 'begun';
EXCEPTION WHEN unique_violation THEN
    -- Another gift to the same person is under way: Telegram's transactions could not tell the two apart.
    o_status := 'busy';
END
$function$;

COMMENT ON FUNCTION pay.begin_payout IS
    'Commits that an attempt may leave from now on, with the message it is to be and who makes it. begun: send it; stale: somebody else has gone on; stopped: the account is banned, or a game of it is under review; busy: come again.';
GRANT EXECUTE ON FUNCTION pay.begin_payout TO ct_settler;
