SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.my_review(OUT o_why text, OUT o_stars bigint, OUT o_since_ms bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    SELECT u.o_why, u.o_stars, (extract(epoch FROM u.o_since) * 1000)::bigint INTO o_why, o_stars, o_since_ms
    FROM pay.under_review(auth.claim(), NULL) AS u;
END
$function$;

COMMENT ON FUNCTION pay.my_review IS 'Why withdrawals of the claim''s user wait for an operator, as pay.under_review says it.';
GRANT EXECUTE ON FUNCTION pay.my_review TO ct_player;
