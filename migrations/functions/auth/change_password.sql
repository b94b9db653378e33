SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.change_password(p_old_hash text, p_new_hash text) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    PERFORM FROM auth.email_logins AS l
    WHERE l.user_id = auth.claim() AND l.password_hash = p_old_hash FOR UPDATE;
    RETURN CASE WHEN FOUND THEN auth.set_password(auth.claim(), p_new_hash) END;
END
$function$;

COMMENT ON FUNCTION auth.change_password IS
    'A new password for the claim''s user who said the old one; the new epoch of sessions, null: it was changed meanwhile.';
GRANT EXECUTE ON FUNCTION auth.change_password TO ct_player;
