SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.put_ban(p_user_id bigint, p_reason text, p_who text) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
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
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'ban', p_reason, p_who);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.put_ban IS 'What auth.ban and auth.block_for_review do, and who did it.';
