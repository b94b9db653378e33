SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.decide_review(p_review_id bigint, p_decision text, p_reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_review game.reviews;
BEGIN
    SELECT * INTO v_review FROM game.reviews AS r WHERE r.review_id = p_review_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_review.decision = p_decision THEN
        RETURN 'ok';
    ELSIF v_review.decision = 'cleared' THEN
        RETURN 'conflict';
    END IF;
    UPDATE game.reviews AS r SET decision = p_decision, reason = p_reason, decided_by = auth.actor(), decided_at = now()
    WHERE r.review_id = p_review_id;
    -- What came from a player against whom nothing stands any more is free too.
    IF p_decision = 'cleared' AND v_review.kind <> 'passed' AND game.suspected_since(v_review.user_id) IS NULL THEN
        UPDATE game.reviews AS r
        SET decision = 'cleared', reason = 'review ' || p_review_id || ' was cleared', decided_by = auth.actor(), decided_at = now()
        WHERE r.review_id IN (
            SELECT p.review_id FROM game.reviews AS p
            WHERE p.source_id IN (SELECT auth.accounts_of(auth.person_of(v_review.user_id))) AND p.kind = 'passed'
                AND p.decision IS DISTINCT FROM 'cleared'
            ORDER BY p.review_id FOR NO KEY UPDATE
        );
    END IF;
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION game.decide_review IS
    'An operator has looked: cleared (withdrawals go on, also of who won from this player) or confirmed (they go on waiting, and it may be cleared later). ok (also repeated), not_found, conflict (it was cleared).';
GRANT EXECUTE ON FUNCTION game.decide_review TO ct_operator;
