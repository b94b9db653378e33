-- What the logins may do stays less than before: 0001 grants it anew.
DROP TABLE bot.errands, public.installation;

-- A role that another database of the server still uses stays.
DO $roles$
DECLARE
    role_name text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM ct_bot, ct_console', current_database());
    DROP OWNED BY ct_seats, ct_chat, ct_errand;
    FOREACH role_name IN ARRAY ARRAY['ct_bot', 'ct_console', 'ct_seats', 'ct_chat', 'ct_errand'] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;
        END;
    END LOOP;
END
$roles$;
