SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.finish_mails(p_mail_ids bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM auth.outbox AS o WHERE o.mail_id = ANY (p_mail_ids);
END;

COMMENT ON FUNCTION auth.finish_mails IS 'These mails were sent, or can never be.';
GRANT EXECUTE ON FUNCTION auth.finish_mails TO ct_settler;
