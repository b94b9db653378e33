SET LOCAL ROLE ct_auth;

-- A code for inviting others, which everybody has who once looked at the profile, is no history as long as nobody came
-- by it: an account that holds nothing else may still give way when two are linked.
CREATE OR REPLACE FUNCTION auth.drop_account(p_user_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM game.referral_codes AS c WHERE c.user_id = p_user_id;
    DELETE FROM auth.email_logins AS l WHERE l.user_id = p_user_id;
    DELETE FROM auth.users AS a WHERE a.user_id = p_user_id;
    PERFORM ledger.close_account(p_user_id);
    DELETE FROM public.users AS u WHERE u.user_id = p_user_id;
END
$function$;

COMMENT ON FUNCTION auth.drop_account IS
    'Takes away an account that never did anything: it fails where any table of the product still speaks of it.';
