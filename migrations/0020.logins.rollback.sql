COMMENT ON COLUMN auth.operator_log.operator IS 'Who says to have done it.';

-- With the functions that read them.
DROP TABLE bot.errands, public.installation CASCADE;

-- A role that another database of the server still uses stays, and then so does what logins may take.
DO $roles$
DECLARE
    role_name text;
    v_stays boolean := false;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM ct_bot, ct_console', current_database());
    DROP OWNED BY ct_seats, ct_chat, ct_errand;
    FOREACH role_name IN ARRAY ARRAY['ct_bot', 'ct_console', 'ct_seats', 'ct_chat', 'ct_errand'] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            v_stays := true;
        END;
    END LOOP;
    IF NOT v_stays THEN
        GRANT ct_settler, ct_operator TO ct_gateway WITH INHERIT FALSE, SET TRUE;
        GRANT ct_operator TO ct_worker WITH INHERIT FALSE, SET TRUE;
    END IF;
END
$roles$;
