DROP TABLE auth.outbox, auth.mail_tokens, auth.email_logins, auth.operator_log, auth.users, public.users CASCADE;
DROP FUNCTION auth.claim CASCADE;
