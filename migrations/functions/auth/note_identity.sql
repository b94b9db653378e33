SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.note_identity(p_person_id bigint, p_kind text, p_value text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_hash bytea := auth.identity_hash(p_kind, p_value);
    v_other_id bigint;
BEGIN
    INSERT INTO auth.identities (identity_hash, person_id, kind) VALUES (v_hash, p_person_id, p_kind)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT i.person_id INTO STRICT v_other_id FROM auth.identities AS i WHERE i.identity_hash = v_hash;
        PERFORM auth.join_persons(p_person_id, v_other_id);
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.note_identity IS
    'A Telegram id or an address belongs to an account of that person now; who had it before is the same person. Behind auth.hold_persons.';
