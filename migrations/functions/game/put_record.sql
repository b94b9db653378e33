SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.put_record(
    p_room_id text, p_key_id text, p_public_key bytea, p_log game.log_state, p_root bytea, p_document bytea,
    p_signals jsonb, p_rhythms jsonb
) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM game.record_queue AS q WHERE q.room_id = p_room_id;
    INSERT INTO game.record_keys (key_id, public_key) VALUES (p_key_id, p_public_key) ON CONFLICT DO NOTHING;
    INSERT INTO game.records (room_id, key_id, log, root, document)
    VALUES (p_room_id, p_key_id, p_log, p_root, p_document) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO game.signals (room_id, user_id, score, review, signals)
    SELECT p_room_id, s.user_id, s.score, s.review, s.signals
    FROM jsonb_to_recordset(p_signals) AS s (user_id bigint, score real, review boolean, signals jsonb);
    PERFORM game.open_review(s.user_id, 'signals', p_room_id, to_timestamp(s.since_ms / 1000.0))
    FROM jsonb_to_recordset(p_signals) AS s (user_id bigint, review boolean, since_ms bigint)
    WHERE s.review ORDER BY s.user_id;
    INSERT INTO game.rhythms (user_id, room_id, rhythm)
    SELECT r.key::bigint, p_room_id, decode(r.value, 'hex') FROM jsonb_each_text(p_rhythms) AS r;
    DELETE FROM game.rhythms AS r USING (
        SELECT o.user_id, o.room_id, row_number() OVER (PARTITION BY o.user_id ORDER BY o.created_at DESC) AS age
        FROM game.rhythms AS o WHERE o.user_id IN (SELECT k.key::bigint FROM jsonb_each_text(p_rhythms) AS k)
    ) AS old
    WHERE r.user_id = old.user_id AND r.room_id = old.room_id AND old.age > 8;
    RETURN true;
END
$function$;

COMMENT ON FUNCTION game.put_record IS
    'Keeps a record with its signals, once, and puts those whom they ask for under review; false: there is one. Of rhythms the latest eight of a player are kept.';
GRANT EXECUTE ON FUNCTION game.put_record TO ct_settler;
