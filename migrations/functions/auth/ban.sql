SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.ban(p_user_id bigint, p_reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_by text := auth.actor();
    v_person_id bigint := auth.hold_person(p_user_id);
    v_person auth.persons;
BEGIN
    IF v_person_id IS NULL THEN
        RETURN 'not_found';
    END IF;
    SELECT p.* INTO STRICT v_person FROM auth.persons AS p WHERE p.person_id = v_person_id;
    IF v_person.banned_at IS NOT NULL AND (p_reason IS NULL OR p_reason = v_person.ban_reason) THEN
        RETURN 'unchanged';
    END IF;
    UPDATE auth.persons AS p SET banned_at = coalesce(p.banned_at, now()), ban_reason = p_reason
    WHERE p.person_id = v_person_id;
    PERFORM auth.spread_ban(v_person_id);
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'ban', p_reason, v_by);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.ban IS
    'Refuses every account of whoever has this one, everywhere, and ends their sessions; no Star moves. Repeated it changes nothing, but for another reason.';
GRANT EXECUTE ON FUNCTION auth.ban TO ct_operator, ct_errand;
