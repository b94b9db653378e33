SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.claim_errand(
    p_lease_s double precision,
    OUT o_errand_id bigint, OUT o_user_id bigint, OUT o_telegram_id bigint, OUT o_language text, OUT o_words text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_errand bot.errands;
    v_outcome text;
BEGIN
    LOOP
        SELECT e.* INTO v_errand FROM bot.errands AS e
        WHERE e.due_at <= now() ORDER BY e.due_at, e.errand_id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        SELECT a.user_id, coalesce(a.language, a.language_code) INTO o_user_id, o_language
        FROM auth.users AS a
        WHERE a.telegram_id = v_errand.telegram_id AND a.role = 'admin' AND a.banned_at IS NULL;
        v_outcome := CASE
            WHEN o_user_id IS NULL THEN 'no_admin'
            WHEN v_errand.asked_at < now() - interval '10 minutes' THEN 'late'
            WHEN v_errand.tries >= 5 THEN 'failed'
        END;
        IF v_outcome IS NULL THEN
            UPDATE bot.errands AS e SET tries = e.tries + 1, due_at = now() + make_interval(secs => p_lease_s)
            WHERE e.errand_id = v_errand.errand_id;
            o_errand_id := v_errand.errand_id;
            o_telegram_id := v_errand.telegram_id;
            o_words := v_errand.words;
            RETURN;
        END IF;
        UPDATE bot.errands AS e SET outcome = v_outcome, closed_at = now(), due_at = NULL
        WHERE e.errand_id = v_errand.errand_id;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION bot.claim_errand IS
    'The next thing that an admin asked for, nobody else''s before the lease ends; null: nothing is due. Who is no admin (any more) is refused, and what waited for over 10 min is not done.';
GRANT EXECUTE ON FUNCTION bot.claim_errand TO ct_errand;
