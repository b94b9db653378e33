SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.join_referrals(p_person_id bigint) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- Nobody has invited themselves.
    DELETE FROM game.referrals AS r USING auth.users AS invited, auth.users AS referrer
    WHERE invited.person_id = p_person_id AND referrer.person_id = p_person_id
        AND r.user_id = invited.user_id AND r.referrer_id = referrer.user_id;
    -- Once a person: who was first.
    DELETE FROM game.referrals AS r WHERE r.user_id IN (
        SELECT o.user_id FROM auth.users AS a JOIN game.referrals AS o USING (user_id)
        WHERE a.person_id = p_person_id ORDER BY o.created_at, o.user_id OFFSET 1
    );
    -- Not by somebody whom they had brought themselves.
    WITH RECURSIVE line (person_id) AS (
        SELECT referrer.person_id
        FROM auth.users AS a JOIN game.referrals AS r USING (user_id)
        JOIN auth.users AS referrer ON referrer.user_id = r.referrer_id
        WHERE a.person_id = p_person_id
        UNION
        SELECT referrer.person_id
        FROM line JOIN auth.users AS a USING (person_id) JOIN game.referrals AS r USING (user_id)
        JOIN auth.users AS referrer ON referrer.user_id = r.referrer_id
    )
    DELETE FROM game.referrals AS r USING auth.users AS a
    WHERE r.user_id = a.user_id AND a.person_id = p_person_id
        AND p_person_id IN (SELECT line.person_id FROM line);
END;

COMMENT ON FUNCTION auth.join_referrals IS
    'Takes away what two persons who turned out to be one could not have had: an invitation by themselves, a second one, a loop.';
