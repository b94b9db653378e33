SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.hold_person(p_user_id bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_person_id bigint := auth.person_of(p_user_id);
BEGIN
    PERFORM FROM auth.persons AS p WHERE p.person_id = v_person_id FOR NO KEY UPDATE;
    IF v_person_id IS DISTINCT FROM (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = p_user_id) THEN
        RAISE EXCEPTION 'the person became one with another meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN v_person_id;
END
$function$;

COMMENT ON FUNCTION auth.hold_person IS
    'Whose account it is, locked until the end of the transaction: what a person may do once is asked behind it.';
GRANT EXECUTE ON FUNCTION auth.hold_person TO ct_ledger;
