SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION auth.claim_mails(p_limit int, p_lease_s double precision)
    RETURNS TABLE (mail_id bigint, template text, address text, language text, nonce bytea, token_hash bytea, tries int)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- What came too late, and what was asked for addresses that nobody logs in with.
    DELETE FROM auth.outbox AS o WHERE o.mail_id IN (
        SELECT d.mail_id FROM auth.outbox AS d WHERE d.due_at <= now() AND (
            d.expires_at <= now() OR (
                d.template = 'reset' AND NOT EXISTS (SELECT FROM auth.email_logins AS l WHERE l.email = d.address)
            )
        ) LIMIT p_limit FOR UPDATE SKIP LOCKED
    );
    WITH due AS (
        SELECT o.mail_id FROM auth.outbox AS o
        WHERE o.due_at <= now() AND o.expires_at > now() AND (
            o.template <> 'reset' OR EXISTS (SELECT FROM auth.email_logins AS l WHERE l.email = o.address)
        )
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        -- Each further try waits twice as long, an hour at most.
        UPDATE auth.outbox AS o
        SET tries = o.tries + 1, due_at = now() + make_interval(secs => least(p_lease_s * 2 ^ least(o.tries, 20), 3600))
        FROM due WHERE o.mail_id = due.mail_id
        RETURNING o.mail_id, o.user_id, o.template, o.address, o.language, o.nonce, o.token_hash, o.tries
    )
    SELECT t.mail_id, CASE WHEN t.template IN ('register', 'link') AND l.user_id IS NOT NULL THEN 'known' ELSE t.template END,
        t.address, coalesce(a.language, CASE WHEN a.language_code LIKE 'ru%' THEN 'ru' END, t.language),
        t.nonce, t.token_hash, t.tries
    FROM taken AS t
    LEFT JOIN auth.email_logins AS l ON l.email = t.address
    LEFT JOIN auth.users AS a ON a.user_id = coalesce(t.user_id, l.user_id);
END;

COMMENT ON FUNCTION auth.claim_mails IS
    'Mails that are due, nobody else''s before the lease ends. Who asks to register a known address makes its owner be told.';
GRANT EXECUTE ON FUNCTION auth.claim_mails TO ct_settler;
