SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.finish_errand(p_errand_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE bot.errands AS e SET outcome = 'done', closed_at = now(), due_at = NULL
    WHERE e.errand_id = p_errand_id AND e.outcome IS NULL;
END;

COMMENT ON FUNCTION bot.finish_errand IS 'It was done and answered.';
GRANT EXECUTE ON FUNCTION bot.finish_errand TO ct_errand;
