-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_referrals(p_before_user_id bigint, p_limit int)
    RETURNS TABLE (user_id bigint, name text, photo_url text, finished boolean, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT r.user_id, u.name, u.photo_url, coalesce(p.games, 0) > 0, r.created_at
    FROM game.referrals AS r
    JOIN public.users AS u USING (user_id)
    LEFT JOIN game.player_stats AS p USING (user_id)
    WHERE r.referrer_id = auth.claim() AND r.user_id < coalesce(p_before_user_id, 9223372036854775807)
    ORDER BY r.user_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION game.my_referrals IS
    'Whom the claim''s user has invited, newest first, and whether each has finished a game.';
GRANT EXECUTE ON FUNCTION game.my_referrals TO ct_player;
