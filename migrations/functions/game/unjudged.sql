-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.unjudged(p_user_id bigint) RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT min(r.decided_at) FROM game.record_queue AS q JOIN game.rooms AS r USING (room_id)
        WHERE r.winner_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id)))
    );

COMMENT ON FUNCTION game.unjudged IS
    'When the oldest game was won whose signals are not worked out yet; null: there is none.';
