-- depends: auth.actor auth.put_ban
SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.ban(p_user_id bigint, p_reason text) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN auth.put_ban(p_user_id, p_reason, auth.actor());

COMMENT ON FUNCTION auth.ban IS
    'Refuses every account of whoever has this one, everywhere, and ends their sessions; no Star moves. Repeated it changes nothing, but for another reason.';
GRANT EXECUTE ON FUNCTION auth.ban TO ct_operator, ct_errand;
