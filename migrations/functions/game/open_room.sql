SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.open_room(
    p_room_id text, p_kind game.room_kind, p_stake bigint, p_capacity int, p_fee_bps int, p_demo boolean,
    p_organizer_id bigint, p_target int
) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO ledger.accounts (kind, room_id) VALUES ('escrow', p_room_id) ON CONFLICT DO NOTHING;
    INSERT INTO game.rooms (room_id, kind, stake, capacity, fee_bps, demo, escrow_id, organizer_id, target)
    SELECT p_room_id, p_kind, p_stake, p_capacity, p_fee_bps, p_demo, a.account_id, p_organizer_id, p_target
    FROM ledger.accounts AS a WHERE a.kind = 'escrow' AND a.room_id = p_room_id
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION game.open_room IS 'Makes the room and its escrow, if they are not there; false: the room was.';
