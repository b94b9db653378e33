SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.stake_refusal(p_user_id bigint, p_stars bigint, p_now timestamptz) RETURNS bytea
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_limits pay.spending_limits;
    v_spent bigint;
    v_person_id bigint := auth.person_of(p_user_id);
BEGIN
    -- Held until the stake is committed: who stakes twice at once, or tightens meanwhile, waits here.
    SELECT l.* INTO v_limits FROM pay.spending_limits AS l WHERE l.person_id = v_person_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_limits := pay.spending_limits_at(v_limits, p_now);
    IF v_limits.excluded_until IS NOT NULL THEN
        RETURN convert_to(jsonb_build_object(
            'limit', 'excluded', 'until_ms', (extract(epoch FROM v_limits.excluded_until) * 1000)::bigint
        )::text, 'UTF8');
    END IF;
    IF p_stars > 0 AND v_limits.daily_stars IS NOT NULL THEN
        v_spent := pay.spent(v_person_id, p_now);
        IF v_spent + p_stars > v_limits.daily_stars THEN
            RETURN convert_to(jsonb_build_object(
                'limit', 'daily', 'daily_stars', v_limits.daily_stars, 'spent_stars', v_spent,
                'until_ms', (extract(epoch FROM date_trunc('day', p_now, 'UTC') + interval '24 hours') * 1000)::bigint
            )::text, 'UTF8');
        END IF;
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION pay.stake_refusal IS
    'Which limit of the person stands against such a stake (0: taking part without one), as JSON for the details of limit_reached; null: none.';
