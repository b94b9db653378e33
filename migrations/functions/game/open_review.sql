SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.open_review(
    p_user_id bigint, p_kind text, p_room_id text, p_since timestamptz
) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    INSERT INTO game.reviews (user_id, kind, room_id, stars, since)
    SELECT p_user_id, p_kind, p_room_id, coalesce(sum(s.prize), 0), coalesce(p_since, r.decided_at)
    FROM game.rooms AS r LEFT JOIN game.seats AS s ON s.room_id = r.room_id AND s.user_id = p_user_id
    WHERE r.room_id = p_room_id GROUP BY r.room_id
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        -- A settlement under way either sees this review or is waited for and followed.
        PERFORM FROM game.seats AS s WHERE s.user_id = p_user_id AND s.state = 'live' FOR SHARE;
        PERFORM game.follow_stakes(p_user_id, game.suspected_since(p_user_id), 5);
    END IF;
END
$function$;

COMMENT ON FUNCTION game.open_review IS
    'Puts a player under review for a game, once, and follows what was staked since; without a moment, since the game.';
