DROP TABLE auth.users;
DROP FUNCTION auth.claim();
DROP TABLE public.users;
