SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.identity_hash(p_kind text, p_value text) RETURNS bytea
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT sha256(k.outer_block || sha256(k.inner_block || convert_to(p_kind || ':' || p_value, 'UTF8')))
        FROM auth.identity_key AS k
    );

COMMENT ON FUNCTION auth.identity_hash IS
    'HMAC-SHA-256 (RFC 2104) of a Telegram id or an e-mail address: what is kept of it for ever.';
