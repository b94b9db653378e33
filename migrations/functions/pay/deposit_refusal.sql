SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.deposit_refusal(p_user_id bigint, p_stars bigint) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_person_id bigint := auth.share_person(p_user_id);
BEGIN
    RETURN (
        SELECT CASE
            WHEN h.banned THEN 'banned'
            WHEN (pay.spending_limits_at(l, clock_timestamp())).excluded_until IS NOT NULL THEN 'limit_reached'
        END
        FROM auth.hello(ARRAY[p_user_id]) AS h LEFT JOIN pay.spending_limits AS l ON l.person_id = v_person_id
    );
END
$function$;

COMMENT ON FUNCTION pay.deposit_refusal IS
    'What stands against a new payment of that user, as a code; null: nothing. Who is excluded from games pays nothing in. Asked before Telegram or the chain takes anything, never after.';
