SET LOCAL ROLE ct_auth;

-- Whatever hangs on a person is united here, to the stricter of both; a new table of that kind adds its line.
CREATE OR REPLACE FUNCTION auth.join_persons(p_kept_id bigint, p_gone_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF p_kept_id = p_gone_id THEN
        RETURN;
    END IF;
    UPDATE auth.persons AS p
    SET banned_at = least(p.banned_at, o.banned_at), ban_reason = coalesce(p.ban_reason, o.ban_reason),
        created_at = least(p.created_at, o.created_at)
    FROM auth.persons AS o WHERE p.person_id = p_kept_id AND o.person_id = p_gone_id;
    UPDATE auth.identities AS i SET person_id = p_kept_id WHERE i.person_id = p_gone_id;
    UPDATE auth.users AS a SET person_id = p_kept_id WHERE a.person_id = p_gone_id;
    PERFORM auth.spread_ban(p_kept_id);
    PERFORM auth.join_referrals(p_kept_id);
    PERFORM pay.join_person(p_kept_id, p_gone_id);
    PERFORM ledger.call_debts(p_kept_id, 'account', 'person:' || p_kept_id);
    DELETE FROM auth.persons AS p WHERE p.person_id = p_gone_id;
END
$function$;

COMMENT ON FUNCTION auth.join_persons IS
    'Two persons turn out to be one: the second''s accounts, identities and restrictions become the first''s. Behind the locks of both.';
