SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION ledger.post(
    p_key text, p_kind ledger.transfer_kind, p_room_id text, p_reason text, p_accounts bigint[], p_amounts bigint[]
) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_transfer_id bigint;
    v_debtors bigint[];
BEGIN
    INSERT INTO ledger.transfers (key, kind, room_id, reason) VALUES (p_key, p_kind, p_room_id, p_reason)
    RETURNING transfer_id INTO v_transfer_id;
    WITH moved AS (
        UPDATE ledger.balances AS b SET balance = b.balance + p_amounts[array_position(p_accounts, b.account_id)]
        WHERE b.account_id = ANY (p_accounts)
        RETURNING b.account_id, b.balance, b.owes
    ), added AS (
        INSERT INTO ledger.entries (transfer_id, account_id, amount, balance_after)
        SELECT v_transfer_id, leg.account_id, leg.amount,
            (SELECT moved.balance FROM moved WHERE moved.account_id = leg.account_id)
        FROM unnest(p_accounts, p_amounts) AS leg (account_id, amount)
        WHERE leg.amount <> 0
    )
    SELECT array_agg(moved.account_id ORDER BY moved.account_id) INTO v_debtors
    FROM moved WHERE moved.owes AND p_amounts[array_position(p_accounts, moved.account_id)] > 0;
    IF v_debtors IS NOT NULL THEN
        PERFORM ledger.pay_debts(d.account_id, p_kind::text, p_key) FROM unnest(v_debtors) AS d (account_id);
    END IF;
END
$function$;

COMMENT ON FUNCTION ledger.post IS
    'The only code that moves Stars. Names each account once. Fails when the key was used or a player would go below zero. What comes to who owes pays the debt, by a transfer of its own: a balance is read after this. Who touches several players locks their balances first, in the order of the accounts.';
