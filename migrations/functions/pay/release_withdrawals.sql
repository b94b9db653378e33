SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.release_withdrawals(p_now_ms bigint, p_limit int) RETURNS SETOF pay.withdrawals
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row pay.withdrawals;
    v_banned boolean;
BEGIN
    FOR v_row IN
        SELECT w.* FROM pay.withdrawals AS w
        WHERE (w.state = 'held' AND w.hold_until <= to_timestamp(p_now_ms / 1000.0)
                -- The signals of a game come within seconds: nothing goes out before them.
                AND NOT coalesce(game.unjudged(w.user_id) > now() - interval '1 hour', false))
            OR (w.state = 'approval' AND w.waits_for = 'review'
                AND (SELECT u.o_why IS NULL FROM pay.under_review(w.user_id, w.reviewed_at) AS u))
        ORDER BY w.number LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        v_banned := (SELECT a.o_banned FROM auth.payee(v_row.user_id) AS a);
        v_row.waits_for := CASE
            WHEN v_banned THEN 'banned'
            WHEN (SELECT u.o_why IS NOT NULL FROM pay.under_review(v_row.user_id, v_row.reviewed_at) AS u) THEN 'review'
            WHEN v_row.needs_approval AND v_row.review IS NULL THEN 'limit'
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

COMMENT ON FUNCTION pay.release_withdrawals IS
    'Ends holds whose time is over: on to sending, or to an operator where the account is banned, a game of it is under review, or the sum is over the limit. Those that waited for a review go on once it is cleared.';
GRANT EXECUTE ON FUNCTION pay.release_withdrawals TO ct_settler;
