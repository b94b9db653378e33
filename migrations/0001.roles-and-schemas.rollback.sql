DROP SCHEMA game;
DROP SCHEMA ledger;
DROP SCHEMA auth;

-- A role that another database of the server still uses stays.
DO $roles$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'ct_analyst', 'ct_worker', 'ct_gateway', 'ct_settler', 'ct_player', 'ct_ledger', 'ct_auth', 'ct_owner'
    ] LOOP
        EXECUTE format('DROP OWNED BY %I', role_name);
        BEGIN
            EXECUTE format('DROP ROLE %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$roles$;

GRANT USAGE ON SCHEMA public TO PUBLIC;
