SET LOCAL ROLE ct_auth;

-- Never from an argument: whoever may call a function could give any name.  The session's login is Postgres's own word.
CREATE OR REPLACE FUNCTION auth.actor() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_admin bigint;
    v_note text;
BEGIN
    -- This role only the worker's login can take, and the claim names the admin whose errand it is on.
    IF current_setting('role') = 'ct_errand' THEN
        SELECT a.user_id INTO v_admin FROM auth.users AS a
        WHERE a.user_id = auth.claim() AND a.role = 'admin' AND a.banned_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'user % is no admin', auth.claim() USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN 'bot:' || v_admin;
    END IF;
    v_note := nullif(nullif(current_setting('chance_tap.note', true), ''), session_user);
    RETURN left(session_user || coalesce(' (' || v_note || ')', ''), 100);
END
$function$;

COMMENT ON FUNCTION auth.actor IS
    'Who acts: the session''s login, with the name behind it that the command line noted; or bot:N, the admin on whose errand the worker is.';
GRANT EXECUTE ON FUNCTION auth.actor TO ct_ledger;
