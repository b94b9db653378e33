SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.unban(p_user_id bigint, p_reason text, p_operator text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_banned boolean;
BEGIN
    SELECT a.banned_at IS NOT NULL INTO v_banned FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF NOT v_banned THEN
        RETURN 'unchanged';
    END IF;
    UPDATE auth.users AS a SET banned_at = NULL, ban_reason = NULL WHERE a.user_id = p_user_id;
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'unban', p_reason, p_operator);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.unban IS 'Lifts a ban; sessions from before it stay ended.';
GRANT EXECUTE ON FUNCTION auth.unban TO ct_operator;
