SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.pay_bonus(p_run_id bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_run record;
BEGIN
    UPDATE game.bonus_runs AS r SET state = 'rewarded', held = NULL, rewarded_at = now()
    WHERE r.run_id = p_run_id RETURNING r.user_id, r.reward INTO STRICT v_run;
    PERFORM ledger.post(
        'bonus:' || p_run_id, 'bonus', NULL, NULL,
        ARRAY[
            (SELECT a.account_id FROM ledger.accounts AS a WHERE a.kind = 'bonus' AND a.currency = 'XTR'),
            (SELECT b.account_id FROM ledger.balances AS b WHERE b.user_id = v_run.user_id)
        ],
        ARRAY[-v_run.reward, v_run.reward]
    );
END
$function$;

COMMENT ON FUNCTION game.pay_bonus IS 'Pays the reward of a run whose reward is promised.';
