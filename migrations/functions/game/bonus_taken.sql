-- depends: auth.accounts_of auth.person_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.bonus_taken(p_user_id bigint, p_run_id bigint) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (
        SELECT FROM auth.accounts_of(auth.person_of(p_user_id)) AS a (user_id) JOIN game.bonus_runs AS r USING (user_id)
        WHERE r.run_id <> p_run_id AND r.reached AND r.state IN ('done', 'rewarded')
            -- Of those that are recorded together, the one with the lowest number was first.
            AND (r.over_at <> now() OR r.run_id < p_run_id)
    );

COMMENT ON FUNCTION game.bonus_taken IS
    'Whether another run of the same person, with whichever account, has had the reward or may still get it.';
