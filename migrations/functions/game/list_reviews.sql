SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.list_reviews(p_user_id bigint, p_all boolean, p_limit int)
    RETURNS TABLE (
        review_id bigint, user_id bigint, name text, kind text, room_id text, source_id bigint, stars bigint,
        score real, signals jsonb, opened_at timestamptz, waiting bigint,
        decision text, reason text, decided_by text, decided_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT r.review_id, r.user_id, u.name, r.kind, r.room_id, r.source_id, r.stars, g.score, g.signals, r.opened_at,
        w.stars, r.decision, r.reason, r.decided_by, r.decided_at
    FROM game.reviews AS r
    JOIN public.users AS u USING (user_id)
    LEFT JOIN game.signals AS g ON g.room_id = r.room_id AND g.user_id = r.user_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(w.stars), 0)::bigint AS stars FROM pay.withdrawals AS w
        WHERE w.user_id = r.user_id AND w.state IN ('held', 'approval')
    ) AS w
    WHERE (r.decision IS NULL OR p_all) AND (p_user_id IS NULL OR r.user_id = p_user_id)
        AND (r.kind <> 'passed' OR r.stars > 0 OR p_all)
    ORDER BY w.stars > 0 DESC, r.review_id LIMIT p_limit;
END;

COMMENT ON FUNCTION game.list_reviews IS
    'Reviews for operators, undecided ones or all, of a player if one is named: those whose player waits for money first, then the longest waiting.';
GRANT EXECUTE ON FUNCTION game.list_reviews TO ct_operator;
