SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.person_of(p_user_id bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT a.person_id FROM auth.users AS a WHERE a.user_id = p_user_id);

COMMENT ON FUNCTION auth.person_of IS 'Whose account it is; null: there is no such account.';
GRANT EXECUTE ON FUNCTION auth.person_of TO ct_ledger, ct_chat, ct_seats, ct_settler, ct_operator;
