SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.spending_limits_at(p_limits pay.spending_limits, p_now timestamptz) RETURNS pay.spending_limits
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    IF p_limits.next_daily_at <= p_now THEN
        p_limits.daily_stars := p_limits.next_daily_stars;
        p_limits.next_daily_stars := NULL;
        p_limits.next_daily_at := NULL;
    END IF;
    IF p_limits.next_excluded_at <= p_now THEN
        p_limits.excluded_until := p_limits.next_excluded_until;
        p_limits.next_excluded_until := NULL;
        p_limits.next_excluded_at := NULL;
    END IF;
    IF p_limits.excluded_until <= p_now THEN
        p_limits.excluded_until := NULL;
        p_limits.next_excluded_until := NULL;
        p_limits.next_excluded_at := NULL;
    END IF;
    RETURN p_limits;
END
$function$;

COMMENT ON FUNCTION pay.spending_limits_at IS
    'Limits as they hold at a moment: what waited until then holds, what has ended is gone.';
