SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.environment() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT i.env FROM public.installation AS i);

COMMENT ON FUNCTION auth.environment IS 'What this database is for: development or production.';
GRANT EXECUTE ON FUNCTION auth.environment TO ct_player, ct_login, ct_seats, ct_chat, ct_settler, ct_errand, ct_operator, ct_ledger;
