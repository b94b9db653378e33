SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.review_decision() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS
$function$
BEGIN
    -- First: what a blocked player staked before was no part of it.
    IF NEW.outcome = 'settled' AND EXISTS (
        SELECT FROM game.seats AS s CROSS JOIN LATERAL auth.accounts_of(auth.person_of(s.user_id)) AS a (user_id)
        JOIN game.reviews AS r ON r.user_id = a.user_id
        WHERE s.room_id = NEW.room_id AND r.decision IS DISTINCT FROM 'cleared'
    ) THEN
        PERFORM game.pass_stakes(NEW);
    END IF;
    PERFORM game.open_review(s.user_id, 'block', s.room_id, NEW.decided_at)
    FROM game.seats AS s WHERE s.room_id = NEW.room_id AND s.decided_at = NEW.decided_at AND s.blocked;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION game.review_decision IS
    'In the transaction that decides a room: who was blocked is under review, and Stars under review follow the money.';
GRANT EXECUTE ON FUNCTION game.review_decision TO ct_owner;
