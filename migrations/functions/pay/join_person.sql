SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.join_person(p_kept_id bigint, p_gone_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_now timestamptz;
    v_one pay.spending_limits;
    v_two pay.spending_limits;
    v_new pay.spending_limits;
BEGIN
    INSERT INTO pay.spending_limits (person_id)
    SELECT p_kept_id FROM pay.spending_limits AS l WHERE l.person_id = p_gone_id
    ON CONFLICT DO NOTHING;
    PERFORM FROM pay.spending_limits AS l WHERE l.person_id IN (p_kept_id, p_gone_id) ORDER BY l.person_id FOR UPDATE;
    v_now := clock_timestamp();
    SELECT l.* INTO v_two FROM pay.spending_limits AS l WHERE l.person_id = p_gone_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT l.* INTO STRICT v_one FROM pay.spending_limits AS l WHERE l.person_id = p_kept_id;
    v_one := pay.spending_limits_at(v_one, v_now);
    v_two := pay.spending_limits_at(v_two, v_now);
    v_new := v_one;

    -- The tighter holds, the tighter of what waits waits, until the later of both moments.
    v_new.daily_stars := least(v_one.daily_stars, v_two.daily_stars);
    v_new.next_daily_at := greatest(v_one.next_daily_at, v_two.next_daily_at);
    v_new.next_daily_stars := least(
        CASE WHEN v_one.next_daily_at IS NULL THEN v_one.daily_stars ELSE v_one.next_daily_stars END,
        CASE WHEN v_two.next_daily_at IS NULL THEN v_two.daily_stars ELSE v_two.next_daily_stars END
    );
    IF v_new.next_daily_at IS NULL OR v_new.next_daily_stars IS NOT DISTINCT FROM v_new.daily_stars THEN
        v_new.next_daily_at := NULL;
        v_new.next_daily_stars := NULL;
    END IF;
    v_new.excluded_until := greatest(v_one.excluded_until, v_two.excluded_until);
    v_new.next_excluded_at := greatest(v_one.next_excluded_at, v_two.next_excluded_at);
    v_new.next_excluded_until := greatest(
        CASE WHEN v_one.next_excluded_at IS NULL THEN v_one.excluded_until ELSE v_one.next_excluded_until END,
        CASE WHEN v_two.next_excluded_at IS NULL THEN v_two.excluded_until ELSE v_two.next_excluded_until END
    );
    IF v_new.next_excluded_at IS NULL OR v_new.next_excluded_until IS NOT DISTINCT FROM v_new.excluded_until THEN
        v_new.next_excluded_at := NULL;
        v_new.next_excluded_until := NULL;
    END IF;

    UPDATE pay.spending_limits AS l
    SET daily_stars = v_new.daily_stars, next_daily_stars = v_new.next_daily_stars, next_daily_at = v_new.next_daily_at,
        excluded_until = v_new.excluded_until, next_excluded_until = v_new.next_excluded_until,
        next_excluded_at = v_new.next_excluded_at
    WHERE l.person_id = p_kept_id;
    DELETE FROM pay.spending_limits AS l WHERE l.person_id = p_gone_id;
END
$function$;

COMMENT ON FUNCTION pay.join_person IS
    'What money keeps of two persons who turned out to be one: of both limits the tighter, of both exclusions the longer.';
GRANT EXECUTE ON FUNCTION pay.join_person TO ct_auth;
