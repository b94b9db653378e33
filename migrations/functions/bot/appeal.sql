SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.appeal(p_notice_id bigint, p_words text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_notice record;
    v_words text;
BEGIN
    -- Without a number: the ban of a player who cannot see its notices any more.
    SELECT n.notice_id, n.kind INTO v_notice FROM bot.notices AS n
    WHERE n.user_id = auth.claim() AND (n.notice_id = p_notice_id OR (p_notice_id IS NULL AND n.kind = 'banned'))
        AND n.kind NOT IN ('game_starts', 'room_expires', 'login_linked', 'login_unlinked')
    ORDER BY n.notice_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF v_notice.kind NOT IN ('blocked', 'banned') THEN
        RETURN 'conflict';
    END IF;
    INSERT INTO bot.appeals (notice_id, user_id, words) VALUES (v_notice.notice_id, auth.claim(), p_words)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN 'ok';
    END IF;
    SELECT p.words INTO v_words FROM bot.appeals AS p WHERE p.notice_id = v_notice.notice_id;
    RETURN CASE WHEN v_words = p_words THEN 'ok' ELSE 'conflict' END;
END
$function$;

COMMENT ON FUNCTION bot.appeal IS
    'The claim''s user appeals against a block, once: ok (also repeated), not_found, conflict (no block, or appealed before).';
GRANT EXECUTE ON FUNCTION bot.appeal TO ct_player;
