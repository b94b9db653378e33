-- With the functions in them that no table took along.
DROP SCHEMA bot, pay, game, ledger, auth CASCADE;

-- A role that another database of the server still uses stays.
DO $roles$
DECLARE
    role_name text;
BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM ct_gateway, ct_worker, ct_analyst', current_database());
    DROP OWNED BY ct_operator, ct_login, ct_settler, ct_player, ct_ledger, ct_auth, ct_owner;
    FOREACH role_name IN ARRAY ARRAY[
        'ct_analyst', 'ct_worker', 'ct_gateway', 'ct_operator', 'ct_login', 'ct_settler', 'ct_player', 'ct_ledger',
        'ct_auth', 'ct_owner'
    ] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;
END
$roles$;

GRANT USAGE ON SCHEMA public TO PUBLIC;
