SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.unban(p_user_id bigint, p_reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_by text := auth.actor();
    v_person_id bigint := auth.hold_person(p_user_id);
BEGIN
    IF v_person_id IS NULL THEN
        RETURN 'not_found';
    END IF;
    UPDATE auth.persons AS p SET banned_at = NULL, ban_reason = NULL
    WHERE p.person_id = v_person_id AND p.banned_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN 'unchanged';
    END IF;
    PERFORM auth.spread_ban(v_person_id);
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'unban', p_reason, v_by);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.unban IS
    'Lifts the ban of whoever has this account, on every account; sessions from before it stay ended.';
GRANT EXECUTE ON FUNCTION auth.unban TO ct_operator, ct_errand;
