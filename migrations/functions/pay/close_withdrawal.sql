SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.close_withdrawal(
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
        UPDATE pay.withdrawals AS w
        SET state = 'sending', waits_for = NULL, next_try_at = p_next_at, error = left(p_detail, 200)
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
            message_hash = NULL, boc = NULL, star_offset = NULL, wallet = NULL, bot_id = NULL, error = left(p_detail, 200)
        WHERE w.withdrawal_id = p_row.withdrawal_id RETURNING w.* INTO STRICT p_row;
    END CASE;
    PERFORM pay.note_withdrawal(p_row, p_actor, concat_ws(': ', p_outcome, p_detail));
    RETURN p_row;
END
$function$;

COMMENT ON FUNCTION pay.close_withdrawal IS
    'Takes a withdrawal whose row is locked on; its words are those of pay.end_payout.';
