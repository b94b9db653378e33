SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.answer_appeal(p_appeal_id bigint, p_answer text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_appeal bot.appeals;
BEGIN
    SELECT * INTO v_appeal FROM bot.appeals AS p WHERE p.appeal_id = p_appeal_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_appeal.answer IS NOT NULL THEN
        RETURN CASE WHEN v_appeal.answer = p_answer THEN 'ok' ELSE 'conflict' END;
    END IF;
    UPDATE bot.appeals AS p SET answer = p_answer, answered_by = auth.actor(), answered_at = now()
    WHERE p.appeal_id = p_appeal_id;
    INSERT INTO bot.notices (user_id, kind, subject, reason, expires_at)
    VALUES (v_appeal.user_id, 'appeal_answer', p_appeal_id::text, p_answer, now() + interval '1 day');
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION bot.answer_appeal IS
    'An operator answers an appeal, once; the answer becomes a notice. ok (also repeated), not_found, conflict (answered otherwise).';
GRANT EXECUTE ON FUNCTION bot.answer_appeal TO ct_operator;
