SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.open_account(p_user_id bigint, p_demo_stars bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_account_id bigint;
BEGIN
    INSERT INTO ledger.accounts (kind, user_id) VALUES ('player', p_user_id) RETURNING account_id INTO v_account_id;
    INSERT INTO ledger.balances (account_id, user_id, granted) VALUES (v_account_id, p_user_id, p_demo_stars);
    IF p_demo_stars > 0 THEN
        -- Not the caller's to say: a gateway in wrong hands would make itself rich.
        IF auth.environment() IS DISTINCT FROM 'development' THEN
            RAISE EXCEPTION 'demo Stars are for development only, and this database is not for that'
                USING ERRCODE = 'insufficient_privilege';
        ELSIF p_demo_stars > 1000000 THEN
            RAISE EXCEPTION 'at most 1000000 demo Stars, not %', p_demo_stars USING ERRCODE = 'check_violation';
        END IF;
        PERFORM ledger.post(
            'grant:' || p_user_id, 'grant', NULL, NULL,
            ARRAY[(SELECT account_id FROM ledger.accounts WHERE kind = 'demo' AND currency = 'XTR'), v_account_id],
            ARRAY[-p_demo_stars, p_demo_stars]
        );
    END IF;
    PERFORM ledger.call_debts(auth.person_of(p_user_id), 'account', 'account:' || p_user_id);
END
$function$;

COMMENT ON FUNCTION ledger.open_account IS
    'Opens a new player''s account, with demonstration Stars or 0, in production with none; what its person owes, it owes too. Behind the person''s lock.';
GRANT EXECUTE ON FUNCTION ledger.open_account TO ct_auth;
