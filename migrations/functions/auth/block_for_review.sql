SET LOCAL ROLE ct_auth;

-- As an operator's ban: sessions end, and the history has it.
CREATE OR REPLACE FUNCTION auth.block_for_review(p_user_id bigint, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF EXISTS (SELECT FROM auth.users AS a WHERE a.user_id = p_user_id AND a.banned_at IS NULL) THEN
        PERFORM auth.put_ban(p_user_id, p_reason, 'rule');
    END IF;
END
$function$;

COMMENT ON FUNCTION auth.block_for_review IS
    'Blocks an account until an operator has looked; an older ban stays as it is.';
GRANT EXECUTE ON FUNCTION auth.block_for_review TO ct_ledger;
