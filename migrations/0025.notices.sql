-- Notices: what a player is told of money and blocks, in the app and, while that is closed, by the bot; and appeals.
-- Each is written in the transaction of what it tells of, so that none is lost, and once.
-- depends: 0025.bot

SET LOCAL ROLE ct_owner;

CREATE TABLE bot.notices (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES public.users,
    kind text NOT NULL CHECK (kind IN (
        'prize', 'organizer_fee', 'refund', 'cancelled', 'blocked', 'bonus', 'payment_refund', 'withdrawal_return',
        'chargeback', 'banned', 'unbanned', 'appeal_answer', 'game_starts', 'room_expires'
    )),
    subject text NOT NULL,
    room_id text,
    amount bigint,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    tell_at timestamptz DEFAULT now(),
    tell_until timestamptz NOT NULL DEFAULT now() + interval '1 hour',
    told text CHECK (told IN ('sending', 'sent', 'app_open', 'late', 'no_chat', 'refused', 'no_bot')),
    told_at timestamptz,
    UNIQUE (user_id, kind, subject),
    CHECK ((tell_at IS NULL) = (told IS NOT NULL))
);
CREATE INDEX notices_of_user ON bot.notices (user_id, notice_id) WHERE kind NOT IN ('game_starts', 'room_expires');
CREATE INDEX notices_to_tell ON bot.notices (tell_at, notice_id) WHERE tell_at IS NOT NULL;
CREATE INDEX notices_told ON bot.notices (user_id, told_at) WHERE told IN ('sending', 'sent');

COMMENT ON TABLE bot.notices IS 'What a player is told. The row decides that the bot says it once.';
COMMENT ON COLUMN bot.notices.notice_id IS 'Rises with time.';
COMMENT ON COLUMN bot.notices.user_id IS 'The player.';
COMMENT ON COLUMN bot.notices.kind IS 'What happened; game_starts and room_expires are said by the bot only.';
COMMENT ON COLUMN bot.notices.subject IS 'What it happened to: a room, a transfer''s key, a moment, an appeal.';
COMMENT ON COLUMN bot.notices.room_id IS 'The room, if it is about one.';
COMMENT ON COLUMN bot.notices.amount IS 'Stars that moved, if any did.';
COMMENT ON COLUMN bot.notices.reason IS 'Why, as recorded; of an answer to an appeal its words.';
COMMENT ON COLUMN bot.notices.created_at IS 'When it happened.';
COMMENT ON COLUMN bot.notices.tell_at IS 'When the bot is to look at it (next); null: it is done with it.';
COMMENT ON COLUMN bot.notices.tell_until IS 'Later than this it is not worth saying.';
COMMENT ON COLUMN bot.notices.told IS 'What the bot did about it; one that stays at sending may or may not have been sent.';
COMMENT ON COLUMN bot.notices.told_at IS 'When.';

CREATE TABLE bot.appeals (
    appeal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice_id bigint NOT NULL UNIQUE REFERENCES bot.notices,
    user_id bigint NOT NULL REFERENCES public.users,
    words text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    answer text CHECK (char_length(answer) BETWEEN 1 AND 2000),
    answered_by text CHECK (char_length(answered_by) BETWEEN 1 AND 100),
    answered_at timestamptz,
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX appeals_open ON bot.appeals (appeal_id) WHERE answer IS NULL;

COMMENT ON TABLE bot.appeals IS 'What blocked players say against it, once a block, and what operators answer.';
COMMENT ON COLUMN bot.appeals.appeal_id IS 'Its number.';
COMMENT ON COLUMN bot.appeals.notice_id IS 'The block it is about.';
COMMENT ON COLUMN bot.appeals.user_id IS 'Who appeals.';
COMMENT ON COLUMN bot.appeals.words IS 'In the player''s words.';
COMMENT ON COLUMN bot.appeals.created_at IS 'When it came.';
COMMENT ON COLUMN bot.appeals.answer IS 'In the operator''s words.';
COMMENT ON COLUMN bot.appeals.answered_by IS 'Which operator.';
COMMENT ON COLUMN bot.appeals.answered_at IS 'When.';

CREATE TABLE bot.pace (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO bot.pace DEFAULT VALUES;

COMMENT ON TABLE bot.pace IS 'One row that all workers share, so that together they stay below Telegram''s limit.';
COMMENT ON COLUMN bot.pace.one IS 'There is one row.';
COMMENT ON COLUMN bot.pace.next_at IS 'When the next message may go.';

INSERT INTO bot.notices (user_id, kind, subject, reason, created_at, tell_at, told, told_at)
SELECT a.user_id, 'banned', a.banned_at::text, a.ban_reason, a.banned_at, NULL, 'late', now()
FROM auth.users AS a WHERE a.banned_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON bot.notices, bot.appeals, bot.pace TO ct_auth;
GRANT SELECT, INSERT ON bot.notices TO ct_ledger;
GRANT SELECT ON bot.appeals TO ct_ledger;
GRANT USAGE ON SCHEMA bot TO ct_operator;
GRANT CREATE ON SCHEMA bot TO ct_auth, ct_ledger;

SET LOCAL ROLE ct_ledger;

CREATE FUNCTION bot.note_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT p.user_id::bigint,
        CASE
            WHEN NEW.outcome = 'refunded' AND NEW.reason = 'nobody_tapped' THEN 'refund'
            WHEN NEW.outcome = 'refunded' THEN 'cancelled'
            WHEN p.user_id::bigint = NEW.winner_id THEN 'prize'
            WHEN p.user_id::bigint = NEW.organizer_id THEN 'organizer_fee'
            ELSE 'refund'
        END,
        NEW.room_id, NEW.room_id, p.amount::bigint,
        CASE WHEN NEW.outcome = 'refunded' THEN NEW.reason
            WHEN p.user_id::bigint NOT IN (NEW.winner_id, coalesce(NEW.organizer_id, 0)) THEN 'not_ranked' END
    FROM jsonb_each_text(NEW.decision -> 'payouts') AS p (user_id, amount)
    WHERE p.amount <> '0' OR (NEW.outcome = 'refunded' AND p.user_id::bigint = NEW.organizer_id)
    ON CONFLICT DO NOTHING;
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT s.user_id, 'blocked', s.room_id, s.room_id, CASE WHEN s.state = 'settled' THEN s.amount END, 'too_fast'
    FROM game.seats AS s WHERE s.room_id = NEW.room_id AND s.decided_at = NEW.decided_at AND s.blocked
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_decision() IS
    'Notes in the transaction that decides a room who won, who got a stake back, and who was blocked.';

CREATE FUNCTION bot.note_transfer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, reason)
    SELECT a.user_id, CASE NEW.kind WHEN 'deposit_refund' THEN 'payment_refund' ELSE NEW.kind::text END,
        NEW.key, NEW.room_id, abs(e.amount), NEW.reason
    FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)
    WHERE e.transfer_id = NEW.transfer_id AND a.kind = 'player'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_transfer() IS
    'Notes in the transaction of a movement that its player did not ask for now. Runs at its end, when the entries are there.';

GRANT EXECUTE ON FUNCTION bot.note_decision(), bot.note_transfer() TO ct_owner;

CREATE FUNCTION bot.stats() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN jsonb_build_object(
        'players', (SELECT count(*) FROM ledger.balances),
        'players_day', (
            SELECT count(*) FROM ledger.accounts AS a WHERE a.kind = 'player' AND a.created_at > now() - interval '1 day'
        ),
        'banned', (SELECT count(*) FROM auth.users AS a WHERE a.banned_at IS NOT NULL),
        'games_day', (
            SELECT count(*) FROM game.rooms AS r WHERE r.outcome = 'settled' AND r.decided_at > now() - interval '1 day'
        ),
        'staked_day', (
            SELECT coalesce(sum(s.amount), 0) FROM game.seats AS s WHERE s.created_at > now() - interval '1 day'
        ),
        'prizes_day', (
            SELECT coalesce(sum(r.prize), 0) FROM game.rooms AS r
            WHERE r.outcome = 'settled' AND r.decided_at > now() - interval '1 day'
        ),
        'open_rooms', (SELECT count(*) FROM game.rooms AS r WHERE r.outcome = 'open'),
        'balances', (SELECT coalesce(sum(b.balance), 0) FROM ledger.balances AS b),
        'appeals', (SELECT count(*) FROM bot.appeals AS p WHERE p.answer IS NULL)
    );

COMMENT ON FUNCTION bot.stats() IS 'A few numbers for admins. Reads whole tables.';

GRANT EXECUTE ON FUNCTION bot.stats() TO ct_operator;

SET LOCAL ROLE ct_auth;

CREATE FUNCTION bot.note_ban() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO bot.notices (user_id, kind, subject, reason, tell_until)
    VALUES (
        NEW.user_id, CASE WHEN NEW.banned_at IS NULL THEN 'unbanned' ELSE 'banned' END, clock_timestamp()::text,
        NEW.ban_reason, now() + interval '1 day'
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION bot.note_ban() IS 'Notes in the transaction of a ban, or of its end, that the player is to hear of it.';

GRANT EXECUTE ON FUNCTION bot.note_ban() TO ct_owner;

CREATE FUNCTION bot.my_notices(p_before bigint, p_limit int)
    RETURNS TABLE (
        notice_id bigint, kind text, room_id text, amount bigint, reason text, created_at timestamptz,
        can_appeal boolean, appeal text, appealed_at timestamptz, answer text, answered_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
BEGIN ATOMIC
    SELECT n.notice_id, n.kind, n.room_id, n.amount, n.reason, n.created_at,
        n.kind IN ('blocked', 'banned') AND p.appeal_id IS NULL, p.words, p.created_at, p.answer, p.answered_at
    FROM bot.notices AS n LEFT JOIN bot.appeals AS p USING (notice_id)
    WHERE n.user_id = auth.claim() AND n.kind NOT IN ('game_starts', 'room_expires')
        AND n.notice_id < coalesce(p_before, 9223372036854775807)
    ORDER BY n.notice_id DESC LIMIT p_limit;
END;

COMMENT ON FUNCTION bot.my_notices(bigint, int) IS 'Notices of the claim''s user, newest first, with its appeals and their answers.';

CREATE FUNCTION bot.appeal(p_notice_id bigint, p_words text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_notice record;
    v_words text;
BEGIN
    -- Without a number: the ban of a player who cannot see its notices any more.
    SELECT n.notice_id, n.kind INTO v_notice FROM bot.notices AS n
    WHERE n.user_id = auth.claim() AND (n.notice_id = p_notice_id OR (p_notice_id IS NULL AND n.kind = 'banned'))
        AND n.kind NOT IN ('game_starts', 'room_expires')
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

COMMENT ON FUNCTION bot.appeal(bigint, text) IS
    'The claim''s user appeals against a block, once: ok (also repeated), not_found, conflict (no block, or appealed before).';

GRANT EXECUTE ON FUNCTION bot.my_notices(bigint, int), bot.appeal(bigint, text) TO ct_player;

CREATE FUNCTION bot.list_appeals(p_open boolean, p_limit int)
    RETURNS TABLE (
        appeal_id bigint, user_id bigint, name text, kind text, room_id text, reason text, words text,
        created_at timestamptz, answer text, answered_by text, answered_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.appeal_id, p.user_id, u.name, n.kind, n.room_id, n.reason, p.words, p.created_at, p.answer, p.answered_by,
        p.answered_at
    FROM bot.appeals AS p JOIN bot.notices AS n USING (notice_id) JOIN public.users AS u ON u.user_id = p.user_id
    WHERE p.answer IS NULL OR NOT p_open
    ORDER BY p.appeal_id LIMIT p_limit;
END;

COMMENT ON FUNCTION bot.list_appeals(boolean, int) IS 'Appeals for operators, the longest waiting first.';

CREATE FUNCTION bot.answer_appeal(p_appeal_id bigint, p_answer text, p_by text) RETURNS text
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
    UPDATE bot.appeals AS p SET answer = p_answer, answered_by = p_by, answered_at = now()
    WHERE p.appeal_id = p_appeal_id;
    INSERT INTO bot.notices (user_id, kind, subject, reason, tell_until)
    VALUES (v_appeal.user_id, 'appeal_answer', p_appeal_id::text, p_answer, now() + interval '1 day');
    RETURN 'ok';
END
$function$;

COMMENT ON FUNCTION bot.answer_appeal(bigint, text, text) IS
    'An operator answers an appeal, once; the answer becomes a notice. ok (also repeated), not_found, conflict (answered otherwise).';

GRANT EXECUTE ON FUNCTION bot.list_appeals(boolean, int), bot.answer_appeal(bigint, text, text) TO ct_operator;

CREATE FUNCTION bot.note_event(
    p_kind text, p_room_id text, p_user_ids bigint[], p_amount bigint, p_for_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH noted AS (
        INSERT INTO bot.notices (user_id, kind, subject, room_id, amount, tell_until)
        SELECT u.user_id, p_kind, p_room_id, p_room_id, p_amount, now() + make_interval(secs => p_for_s)
        FROM unnest(p_user_ids) AS u (user_id)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM noted;
END;

COMMENT ON FUNCTION bot.note_event(text, text, bigint[], bigint, double precision) IS
    'Something in a room that its players should hear of soon, or not at all; once a room and player.';

CREATE FUNCTION bot.due_notices(p_limit int, p_lease_s double precision)
    RETURNS TABLE (notice_id bigint, user_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS
$function$
BEGIN
    UPDATE bot.notices AS n
    SET tell_at = NULL, told_at = now(), told = CASE WHEN n.tell_until < now() THEN 'late' ELSE 'no_chat' END
    WHERE n.notice_id IN (
        SELECT o.notice_id FROM bot.notices AS o
        JOIN auth.users AS a ON a.user_id = o.user_id LEFT JOIN bot.chats AS c ON c.telegram_id = a.telegram_id
        WHERE o.tell_at <= now() AND (o.tell_until < now() OR a.telegram_id IS NULL OR c.can_write IS FALSE)
        ORDER BY o.tell_at LIMIT p_limit FOR UPDATE OF o SKIP LOCKED
    );
    RETURN QUERY
        UPDATE bot.notices AS n SET tell_at = now() + make_interval(secs => p_lease_s)
        WHERE n.notice_id IN (
            SELECT o.notice_id FROM bot.notices AS o WHERE o.tell_at <= now()
            ORDER BY o.tell_at LIMIT p_limit FOR UPDATE SKIP LOCKED
        )
        RETURNING n.notice_id, n.user_id;
END
$function$;

COMMENT ON FUNCTION bot.due_notices(int, double precision) IS
    'Takes up notices that the bot should look at, for as long as the lease; those that are late or reach nobody are closed.';

CREATE FUNCTION bot.close_notices(p_notice_ids bigint[], p_told text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE bot.notices AS n SET tell_at = NULL, told = p_told, told_at = now()
    WHERE n.notice_id = ANY (p_notice_ids) AND n.tell_at IS NOT NULL;
END;

COMMENT ON FUNCTION bot.close_notices(bigint[], text) IS 'The bot need not say these.';

CREATE FUNCTION bot.begin_telling(
    p_notice_id bigint, p_per_s double precision,
    OUT o_wait_s double precision, OUT o_telegram_id bigint, OUT o_language text, OUT o_kind text, OUT o_room_id text,
    OUT o_amount bigint, OUT o_reason text
)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS
$function$
DECLARE
    v_next_at timestamptz;
    v_user_id bigint;
    v_now timestamptz;
BEGIN
    -- Whoever holds this row is the only one that begins to speak.
    SELECT p.next_at INTO STRICT v_next_at FROM bot.pace AS p FOR UPDATE;
    v_now := clock_timestamp();
    SELECT n.user_id, a.telegram_id, coalesce(a.language, a.language_code), n.kind, n.room_id, n.amount, n.reason
    INTO v_user_id, o_telegram_id, o_language, o_kind, o_room_id, o_amount, o_reason
    FROM bot.notices AS n JOIN auth.users AS a USING (user_id)
    WHERE n.notice_id = p_notice_id AND n.tell_at IS NOT NULL AND n.tell_until >= v_now FOR UPDATE OF n;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    o_wait_s := greatest(
        0,
        extract(epoch FROM v_next_at - v_now),
        (
            SELECT extract(epoch FROM max(o.told_at) + interval '1 second' - v_now) FROM bot.notices AS o
            WHERE o.user_id = v_user_id AND o.told IN ('sending', 'sent') AND o.told_at > v_now - interval '1 second'
        )
    );
    IF o_wait_s = 0 THEN
        UPDATE bot.pace AS p SET next_at = v_now + make_interval(secs => 1 / p_per_s);
        UPDATE bot.notices AS n SET tell_at = NULL, told = 'sending', told_at = v_now WHERE n.notice_id = p_notice_id;
    END IF;
END
$function$;

COMMENT ON FUNCTION bot.begin_telling(bigint, double precision) IS
    'From here on the notice counts as said. o_wait_s: come back after that time; null: it was said, or is late.';

CREATE FUNCTION bot.end_telling(p_notice_id bigint, p_told text, p_again_s double precision) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE bot.notices AS n
    SET told = CASE WHEN p_again_s IS NULL THEN p_told END,
        told_at = CASE WHEN p_again_s IS NULL THEN now() END,
        tell_at = CASE WHEN p_again_s IS NOT NULL THEN now() + make_interval(secs => p_again_s) END
    WHERE n.notice_id = p_notice_id AND n.told = 'sending';
    -- Flood control is for everybody.
    UPDATE bot.pace AS p SET next_at = greatest(p.next_at, now() + make_interval(secs => p_again_s))
    WHERE p_again_s IS NOT NULL;
END;

COMMENT ON FUNCTION bot.end_telling(bigint, text, double precision) IS
    'What Telegram said to a notice: sent, refused; or it was surely not sent and is to be said again after a time.';

GRANT EXECUTE ON FUNCTION
    bot.note_event(text, text, bigint[], bigint, double precision),
    bot.due_notices(int, double precision), bot.close_notices(bigint[], text),
    bot.begin_telling(bigint, double precision), bot.end_telling(bigint, text, double precision)
TO ct_settler;

SET LOCAL ROLE ct_owner;

CREATE TRIGGER note_decision AFTER UPDATE OF outcome ON game.rooms FOR EACH ROW
    WHEN (OLD.outcome = 'open' AND NEW.outcome <> 'open')
    EXECUTE FUNCTION bot.note_decision();
CREATE CONSTRAINT TRIGGER note_transfer AFTER INSERT ON ledger.transfers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind IN ('bonus', 'deposit_refund', 'withdrawal_return', 'chargeback')
        OR (NEW.kind = 'refund' AND NEW.reason = 'seat_lost'))
    EXECUTE FUNCTION bot.note_transfer();
CREATE TRIGGER note_ban AFTER UPDATE OF banned_at ON auth.users FOR EACH ROW
    WHEN ((OLD.banned_at IS NULL) <> (NEW.banned_at IS NULL))
    EXECUTE FUNCTION bot.note_ban();

REVOKE CREATE ON SCHEMA bot FROM ct_auth, ct_ledger;
RESET ROLE;
