SET LOCAL ROLE ct_owner;
GRANT CREATE ON SCHEMA auth TO ct_auth;
SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.drop_account(p_user_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
    DELETE FROM auth.users AS a WHERE a.user_id = p_user_id;
    PERFORM ledger.close_account(p_user_id);
    DELETE FROM public.users AS u WHERE u.user_id = p_user_id;
END
$function$;

SET LOCAL ROLE ct_owner;
REVOKE CREATE ON SCHEMA auth FROM ct_auth;
REVOKE DELETE ON game.referral_codes FROM ct_auth;
RESET ROLE;
