SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.hold_persons(
    p_user_id bigint, p_kind text, p_value text, OUT o_person_id bigint, OUT o_other_id bigint
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_hash bytea := auth.identity_hash(p_kind, p_value);
BEGIN
    SELECT a.person_id INTO o_person_id FROM auth.users AS a WHERE a.user_id = p_user_id;
    SELECT i.person_id INTO o_other_id FROM auth.identities AS i WHERE i.identity_hash = v_hash;
    PERFORM FROM auth.persons AS p WHERE p.person_id IN (o_person_id, o_other_id) ORDER BY p.person_id FOR UPDATE;
    IF o_person_id IS DISTINCT FROM (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = p_user_id)
        OR o_other_id IS DISTINCT FROM (SELECT i.person_id FROM auth.identities AS i WHERE i.identity_hash = v_hash)
    THEN
        RAISE EXCEPTION 'the persons were joined meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.hold_persons IS
    'Whose an account is and whose an identity is or was, both locked; null: nobody''s. The first of a link''s locks.';
