SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.refund(
    p_seat_id uuid, p_reason text,
    OUT o_status text, OUT o_user_id bigint, OUT o_balance bigint, OUT o_room_id text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_seat record;
    v_account_id bigint;
BEGIN
    SELECT s.room_id, s.user_id INTO o_room_id, o_user_id FROM game.seats AS s WHERE s.seat_id = p_seat_id;
    IF NOT FOUND THEN
        o_status := 'unknown';
        RETURN;
    END IF;
    -- A settlement holds the room FOR UPDATE: whoever comes second reads what the first one did.
    SELECT r.escrow_id INTO v_account_id FROM game.rooms AS r WHERE r.room_id = o_room_id FOR KEY SHARE;
    SELECT s.state, s.amount, s.organizes INTO v_seat FROM game.seats AS s WHERE s.seat_id = p_seat_id FOR NO KEY UPDATE;
    IF v_seat.state = 'live' AND v_seat.organizes THEN
        RAISE EXCEPTION 'seat % holds no stake: it is decided with room %', p_seat_id, o_room_id;
    ELSIF v_seat.state = 'live' THEN
        UPDATE game.seats AS s SET state = 'refunded', decided_at = now() WHERE s.seat_id = p_seat_id;
        PERFORM ledger.post(
            'refund:' || p_seat_id, 'refund', o_room_id, p_reason,
            ARRAY[v_account_id, (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = o_user_id)],
            ARRAY[-v_seat.amount, v_seat.amount]
        );
        o_status := 'refunded';
    ELSIF v_seat.state = 'refunded' THEN
        o_status := 'already';
    ELSE
        o_status := 'settled';
    END IF;
    SELECT b.balance INTO o_balance FROM ledger.balances AS b WHERE b.user_id = o_user_id;
END
$function$;

COMMENT ON FUNCTION game.refund IS 'Gives one live stake back; a seat that was decided stays as it is.';
GRANT EXECUTE ON FUNCTION game.refund TO ct_seats;
