SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.person_for(p_kind text, p_value text, OUT o_person_id bigint, OUT o_is_new boolean)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_hash bytea := auth.identity_hash(p_kind, p_value);
BEGIN
    LOOP
        -- Held, so that no ban passes by the account that is about to be made.
        SELECT p.person_id INTO o_person_id
        FROM auth.identities AS i JOIN auth.persons AS p USING (person_id)
        WHERE i.identity_hash = v_hash FOR SHARE OF p;
        o_is_new := NOT FOUND;
        EXIT WHEN NOT o_is_new;
        INSERT INTO auth.persons DEFAULT VALUES RETURNING person_id INTO o_person_id;
        INSERT INTO auth.identities (identity_hash, person_id, kind) VALUES (v_hash, o_person_id, p_kind)
        ON CONFLICT DO NOTHING;
        EXIT WHEN FOUND;
        -- Somebody else was first, or joined the person with another: look again.
        DELETE FROM auth.persons AS p WHERE p.person_id = o_person_id;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION auth.person_for IS
    'To whom an account belongs that is made for a Telegram id or an address: who had it before, else a new person.';
