-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.suspected_since(p_user_id bigint) RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT min(r.since) FROM game.reviews AS r
        WHERE r.user_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id))) AND r.kind <> 'passed'
            AND r.decision IS DISTINCT FROM 'cleared'
    );

COMMENT ON FUNCTION game.suspected_since IS
    'Since when what a player stakes may have been won by cheating; null: no game of the player is under review.';
