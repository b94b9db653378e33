SET LOCAL ROLE ct_ledger;

-- Held winnings follow the money.  What a player under review stakes and loses is taken for winnings of the games under
-- review first, up to all that it won from a week before them on.  Of somebody who only received such Stars it is the
-- other way round: own Stars go first.  So together no more is ever held than was won.
CREATE OR REPLACE FUNCTION game.pass_stakes(p_room game.rooms) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_seat record;
    v_held record;
    v_since timestamptz;
    v_left bigint;
BEGIN
    FOR v_seat IN
        SELECT s.seat_id, s.user_id, s.amount, s.created_at FROM game.seats AS s
        WHERE s.room_id = p_room.room_id AND s.decided_at = p_room.decided_at AND s.state = 'settled'
            AND NOT s.organizes AND s.user_id <> p_room.winner_id
        ORDER BY s.user_id
    LOOP
        v_since := game.suspected_since(v_seat.user_id);
        IF v_since IS NOT NULL THEN
            CONTINUE WHEN v_seat.created_at <= v_since;
            v_left := least(v_seat.amount, (
                SELECT coalesce(sum(s.prize), 0) FROM game.seats AS s
                WHERE s.user_id = v_seat.user_id AND s.decided_at > v_since - interval '7 days'
            ) - (
                SELECT coalesce(sum(p.stars), 0) FROM game.passed_stakes AS p WHERE p.source_id = v_seat.user_id
            ));
            IF v_left > 0 THEN
                PERFORM game.pass_stake(p_room, v_seat.seat_id, v_seat.user_id, v_left);
            END IF;
            CONTINUE;
        END IF;
        v_left := least(v_seat.amount, (
            SELECT sum(r.stars) FROM game.reviews AS r
            WHERE r.user_id = v_seat.user_id AND r.kind = 'passed' AND r.decision IS DISTINCT FROM 'cleared'
                AND r.since < v_seat.created_at
        ) - game.own_stars(v_seat.user_id));
        CONTINUE WHEN v_left IS NULL OR v_left <= 0;
        FOR v_held IN
            SELECT r.review_id, r.source_id, r.stars FROM game.reviews AS r
            WHERE r.user_id = v_seat.user_id AND r.kind = 'passed' AND r.decision IS DISTINCT FROM 'cleared'
                AND r.since < v_seat.created_at AND r.stars > 0
            ORDER BY r.review_id FOR NO KEY UPDATE
        LOOP
            EXIT WHEN v_left = 0;
            v_held.stars := least(v_held.stars, v_left);
            IF game.pass_stake(p_room, v_seat.seat_id, v_held.source_id, v_held.stars) THEN
                UPDATE game.reviews AS r SET stars = r.stars - v_held.stars WHERE r.review_id = v_held.review_id;
                v_left := v_left - v_held.stars;
            END IF;
        END LOOP;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION game.pass_stakes IS
    'Of a settled room: Stars under review that were lost in it are under review at who got them. May be repeated.';
