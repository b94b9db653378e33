SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.account_report(p_user_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT jsonb_build_object(
            'user_id', a.user_id, 'telegram_id', a.telegram_id, 'username', a.username, 'name', u.name, 'role', a.role,
            'is_demo', u.is_demo, 'language', coalesce(a.language, a.language_code), 'created_at', a.created_at,
            'banned_at', a.banned_at, 'ban_reason', a.ban_reason, 'session_epoch', a.session_epoch,
            'person', (
                SELECT jsonb_build_object(
                    'person_id', p.person_id, 'since', p.created_at,
                    'telegram_ids', count(*) FILTER (WHERE i.kind = 'telegram'),
                    'emails', count(*) FILTER (WHERE i.kind = 'email')
                )
                FROM auth.persons AS p LEFT JOIN auth.identities AS i USING (person_id)
                WHERE p.person_id = a.person_id GROUP BY p.person_id
            ),
            'operators', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'action', l.action, 'reason', l.reason, 'operator', l.operator, 'login', l.login, 'at', l.created_at,
                    'user_id', l.user_id
                ) ORDER BY l.entry_id), '[]')
                FROM auth.operator_log AS l JOIN auth.users AS o USING (user_id) WHERE o.person_id = a.person_id
            )
        )
        FROM auth.users AS a JOIN public.users AS u USING (user_id) WHERE a.user_id = p_user_id
    );

COMMENT ON FUNCTION auth.account_report IS 'An account as an operator may see it, how many Telegram ids and addresses its person ever had, and what operators did to the person''s accounts.';
GRANT EXECUTE ON FUNCTION auth.account_report TO ct_operator;
