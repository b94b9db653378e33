SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.share_phone(p_telegram_id bigint, p_phone_number text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    UPDATE public.users AS u SET phone_number = p_phone_number, updated_at = now() WHERE u.telegram_id = p_telegram_id;
    UPDATE auth.users AS a SET phone_number = p_phone_number WHERE a.telegram_id = p_telegram_id;
    RETURN FOUND;
END
$function$;

COMMENT ON FUNCTION auth.share_phone IS
    'Keeps the phone number that a player shared with the bot; false: there is no account.';
GRANT EXECUTE ON FUNCTION auth.share_phone TO ct_login;
