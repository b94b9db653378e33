SET LOCAL ROLE ct_owner;

-- The claim of this transaction.  After a transaction that set it the setting is '' and not null.
CREATE OR REPLACE FUNCTION auth.claim() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('jwt.claims.user_id', true), '')::bigint;

COMMENT ON FUNCTION auth.claim IS 'The user whose request this transaction is; null when nobody was named.';
GRANT EXECUTE ON FUNCTION auth.claim TO PUBLIC;
