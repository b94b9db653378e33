SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.spread_ban(p_person_id bigint) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE auth.users AS a
    SET banned_at = p.banned_at, ban_reason = p.ban_reason,
        session_epoch = a.session_epoch + (a.banned_at IS NULL AND p.banned_at IS NOT NULL)::int
    FROM auth.persons AS p
    WHERE p.person_id = p_person_id AND a.person_id = p_person_id
        AND (a.banned_at, a.ban_reason) IS DISTINCT FROM (p.banned_at, p.ban_reason);
END;

COMMENT ON FUNCTION auth.spread_ban IS
    'Makes every account of a person as banned as the person is; a ban ends their sessions. Behind the person''s lock.';
