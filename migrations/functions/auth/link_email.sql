SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.link_email(
    p_user_id bigint, p_email text, p_nonce bytea, p_token_hash bytea, OUT o_status text, OUT o_user_id bigint
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_other_id bigint;
BEGIN
    PERFORM auth.hold_persons(p_user_id, 'email', p_email);
    SELECT l.user_id INTO v_other_id FROM auth.email_logins AS l WHERE l.email = p_email;
    IF NOT FOUND THEN
        o_status := 'conflict';
    ELSIF v_other_id = p_user_id THEN
        o_user_id := p_user_id;
        o_status := 'ok';
    ELSE
        SELECT j.o_status, j.o_user_id INTO o_status, o_user_id
        FROM auth.join_accounts(p_user_id, v_other_id, p_nonce, p_token_hash) AS j;
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.link_email IS
    'Joins a user with the account of an e-mail log-in, whose password the gateway has checked.';
GRANT EXECUTE ON FUNCTION auth.link_email TO ct_login;
