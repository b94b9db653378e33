SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.ban(p_user_id bigint, p_reason text, p_operator text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_banned_at timestamptz;
    v_reason text;
BEGIN
    SELECT a.banned_at, a.ban_reason INTO v_banned_at, v_reason
    FROM auth.users AS a WHERE a.user_id = p_user_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF v_banned_at IS NOT NULL AND (p_reason IS NULL OR p_reason = v_reason) THEN
        RETURN 'unchanged';
    END IF;
    UPDATE auth.users AS a
    SET banned_at = coalesce(a.banned_at, now()), ban_reason = p_reason,
        session_epoch = a.session_epoch + CASE WHEN a.banned_at IS NULL THEN 1 ELSE 0 END
    WHERE a.user_id = p_user_id;
    INSERT INTO auth.operator_log (user_id, action, reason, operator) VALUES (p_user_id, 'ban', p_reason, p_operator);
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION auth.ban IS
    'Refuses an account everywhere and ends its sessions; no Star moves. Repeated it changes nothing, but for another reason.';
GRANT EXECUTE ON FUNCTION auth.ban TO ct_operator;
