SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.follow_stakes(p_user_id bigint, p_since timestamptz, p_steps int) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
DECLARE
    v_room game.rooms;
    v_winner record;
BEGIN
    FOR v_room IN
        SELECT r.* FROM game.seats AS s JOIN game.rooms AS r USING (room_id)
        WHERE s.user_id = p_user_id AND s.decided_at > p_since AND s.created_at > p_since AND s.state = 'settled'
            AND NOT s.organizes AND r.winner_id <> p_user_id
        ORDER BY s.decided_at LIMIT 500
    LOOP
        PERFORM game.pass_stakes(v_room);
        CONTINUE WHEN p_steps <= 1;
        FOR v_winner IN
            SELECT r.user_id FROM game.reviews AS r
            WHERE r.user_id IN (v_room.winner_id, v_room.organizer_id) AND r.kind = 'passed' AND r.stars > 0
                AND r.decision IS DISTINCT FROM 'cleared'
            GROUP BY r.user_id HAVING sum(r.stars) > game.own_stars(r.user_id)
            ORDER BY r.user_id
        LOOP
            PERFORM game.follow_stakes(v_winner.user_id, v_room.decided_at, p_steps - 1);
        END LOOP;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION game.follow_stakes IS
    'What became of Stars under review between the game and its review: the games that the player lost since, and those of who won them and has not got them any more, so many steps on.';
