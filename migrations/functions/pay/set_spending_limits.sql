SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.set_spending_limits(
    p_sets_daily boolean, p_daily_stars bigint, p_sets_exclusion boolean, p_excluded_until timestamptz, p_now timestamptz
) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    -- Who stakes at this moment is waited for, whether or not there were limits before.
    v_person_id bigint := auth.hold_person(auth.claim());
    v_now timestamptz;
    v_old pay.spending_limits;
    v_new pay.spending_limits;
BEGIN
    IF v_person_id IS NULL THEN
        RAISE EXCEPTION 'nobody is named' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO pay.spending_limits (person_id) VALUES (v_person_id) ON CONFLICT DO NOTHING;
    SELECT l.* INTO STRICT v_old FROM pay.spending_limits AS l WHERE l.person_id = v_person_id FOR NO KEY UPDATE;
    -- After the wait for the row: a later moment than that of what was waited for.
    v_now := coalesce(p_now, clock_timestamp());
    v_old := pay.spending_limits_at(v_old, v_now);
    v_new := v_old;
    p_excluded_until := CASE WHEN p_excluded_until > v_now THEN p_excluded_until END;

    -- What is not named stays as another device may have set it since.
    IF NOT p_sets_daily THEN
        NULL;
    ELSIF coalesce(p_daily_stars <= v_old.daily_stars, v_old.daily_stars IS NULL) THEN
        v_new.daily_stars := p_daily_stars;
        v_new.next_daily_stars := NULL;
        v_new.next_daily_at := NULL;
    ELSE
        -- Less than what waits, but more than what holds: it has waited for as long.
        IF v_old.next_daily_at IS NULL
            OR NOT coalesce(p_daily_stars <= v_old.next_daily_stars, v_old.next_daily_stars IS NULL)
        THEN
            v_new.next_daily_at := v_now + interval '24 hours';
        END IF;
        v_new.next_daily_stars := p_daily_stars;
    END IF;

    IF NOT p_sets_exclusion THEN
        NULL;
    ELSIF coalesce(p_excluded_until >= v_old.excluded_until, v_old.excluded_until IS NULL) THEN
        v_new.excluded_until := p_excluded_until;
        v_new.next_excluded_until := NULL;
        v_new.next_excluded_at := NULL;
    ELSE
        IF v_old.next_excluded_at IS NULL
            OR NOT coalesce(p_excluded_until >= v_old.next_excluded_until, v_old.next_excluded_until IS NULL)
        THEN
            v_new.next_excluded_at := v_now + interval '24 hours';
        END IF;
        v_new.next_excluded_until := p_excluded_until;
        IF v_new.next_excluded_at >= v_new.excluded_until THEN
            v_new.next_excluded_until := NULL;
            v_new.next_excluded_at := NULL;
        END IF;
    END IF;

    UPDATE pay.spending_limits AS l
    SET daily_stars = v_new.daily_stars, next_daily_stars = v_new.next_daily_stars, next_daily_at = v_new.next_daily_at,
        excluded_until = v_new.excluded_until, next_excluded_until = v_new.next_excluded_until,
        next_excluded_at = v_new.next_excluded_at
    WHERE l.person_id = v_person_id;
END
$function$;

COMMENT ON FUNCTION pay.set_spending_limits IS
    'The wish of whoever has the claim''s account: a daily limit or none, no games until a moment or not (one that is past is none), either or both. Tighter holds at once, looser in 24 hours; repeated, the wait does not begin anew.';
GRANT EXECUTE ON FUNCTION pay.set_spending_limits TO ct_player;
