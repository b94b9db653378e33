SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.pass_stake(p_room game.rooms, p_seat_id uuid, p_source_id bigint, p_stars bigint)
    RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO game.passed_stakes (seat_id, source_id, stars) VALUES (p_seat_id, p_source_id, p_stars)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- The organizer of a hero room gets its part of every stake; the house's part is nobody's.
    INSERT INTO game.reviews AS r (user_id, kind, room_id, source_id, stars, since)
    SELECT t.user_id, 'passed', p_room.room_id, p_source_id, t.stars, p_room.decided_at
    FROM (VALUES
        (p_room.winner_id, p_stars - p_stars * p_room.fee / p_room.pool),
        (p_room.organizer_id, p_stars * p_room.fee / p_room.pool)
    ) AS t (user_id, stars)
    WHERE t.stars > 0 AND t.user_id <> p_source_id
    ORDER BY t.user_id
    ON CONFLICT (user_id, source_id) WHERE kind = 'passed' AND decision IS NULL
    DO UPDATE SET stars = r.stars + excluded.stars, grown_at = clock_timestamp();
    -- As in game.open_review: nobody loses them on in a settlement that does not see them.
    PERFORM FROM game.seats AS s
    WHERE s.user_id IN (p_room.winner_id, p_room.organizer_id) AND s.state = 'live' ORDER BY s.user_id FOR SHARE;
    RETURN true;
END
$function$;

COMMENT ON FUNCTION game.pass_stake IS
    'Writes down that Stars under review went on with a lost stake to the winner and the organizer; false: it was written down before.';
