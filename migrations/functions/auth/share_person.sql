SET LOCAL ROLE ct_auth;

-- What is forbidden to a person is written behind auth.hold_person, which waits for those who share it.  So what was
-- answered to an operator or a player holds for whatever is read after this.
CREATE OR REPLACE FUNCTION auth.share_person(p_user_id bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_person_id bigint;
BEGIN
    SELECT p.person_id INTO v_person_id
    FROM auth.users AS a JOIN auth.persons AS p USING (person_id) WHERE a.user_id = p_user_id FOR SHARE OF p;
    IF v_person_id IS DISTINCT FROM (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = p_user_id) THEN
        RAISE EXCEPTION 'the person became one with another meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN v_person_id;
END
$function$;

COMMENT ON FUNCTION auth.share_person IS
    'Whose account it is; until the end of the transaction nothing more is forbidden to them. Asked before it is read what is.';
GRANT EXECUTE ON FUNCTION auth.share_person TO ct_ledger;
