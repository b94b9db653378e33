SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.accounts_of(p_person_id bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 2 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT a.user_id FROM auth.users AS a WHERE a.person_id = p_person_id ORDER BY a.user_id;
END;

COMMENT ON FUNCTION auth.accounts_of IS 'The accounts of a person, the oldest first.';
GRANT EXECUTE ON FUNCTION auth.accounts_of TO ct_ledger, ct_chat, ct_settler, ct_operator;
