SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.note_login_change(
    p_user_id bigint, p_action text, p_way text, p_telegram_id bigint, p_email text, p_password_hash text,
    p_since timestamptz, p_nonce bytea, p_token_hash bytea
) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_change_id bigint;
BEGIN
    INSERT INTO auth.login_changes AS c (
        user_id, action, way, telegram_id, email, password_hash, since, token_hash
    )
    VALUES (
        p_user_id, p_action, p_way, p_telegram_id, p_email, p_password_hash, p_since,
        CASE WHEN p_email IS NOT NULL THEN p_token_hash END
    )
    RETURNING c.change_id INTO v_change_id;
    IF p_email IS NOT NULL THEN
        INSERT INTO auth.outbox (user_id, template, address, language, nonce, token_hash, expires_at)
        VALUES (
            p_user_id, CASE p_action WHEN 'link' THEN 'linked' ELSE 'removed' END, p_email, 'en', p_nonce, p_token_hash,
            now() + interval '72 hours'
        );
    ELSE
        INSERT INTO bot.notices (user_id, kind, subject, reason, expires_at)
        VALUES (
            p_user_id, CASE p_action WHEN 'link' THEN 'login_linked' ELSE 'login_unlinked' END, v_change_id::text, p_way,
            now() + interval '72 hours'
        );
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.note_login_change IS
    'Keeps what is needed to take a change of the ways in back, and tells of it through the way that was there before: the chat, or a mail with the token.';
