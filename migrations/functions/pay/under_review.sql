SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.under_review(
    p_user_id bigint, p_looked_at timestamptz, OUT o_why text, OUT o_stars bigint, OUT o_since timestamptz
)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_looked_at timestamptz := coalesce(p_looked_at, '-infinity');
BEGIN
    SELECT 'game', sum(r.stars), min(r.opened_at) INTO o_why, o_stars, o_since FROM game.reviews AS r
    WHERE r.user_id IN (SELECT auth.accounts_of(auth.person_of(p_user_id))) AND r.kind <> 'passed'
        AND r.decision IS DISTINCT FROM 'cleared' AND r.opened_at > v_looked_at
    HAVING count(*) > 0;
    IF FOUND THEN
        RETURN;
    END IF;
    -- Who won Stars from such a player may take out everything else: these have to stay.
    SELECT 'winnings', sum(r.stars), min(r.opened_at) INTO o_why, o_stars, o_since FROM game.reviews AS r
    WHERE r.user_id = p_user_id AND r.kind = 'passed' AND r.decision IS DISTINCT FROM 'cleared'
    HAVING max(r.grown_at) > v_looked_at
        AND sum(r.stars) > (SELECT b.balance FROM ledger.balances AS b WHERE b.user_id = p_user_id);
    IF FOUND THEN
        RETURN;
    END IF;
    -- Signals come within seconds; where they do not come at all, an operator looks instead.
    o_since := game.unjudged(p_user_id);
    IF o_since < now() - interval '1 hour' AND o_since > v_looked_at THEN
        o_why := 'unjudged';
        o_stars := 0;
    ELSE
        o_why := NULL;
        o_stars := NULL;
        o_since := NULL;
    END IF;
END
$function$;

COMMENT ON FUNCTION pay.under_review IS
    'What an operator has to look at before this account is paid out, other than what was there when one last looked. game: a game is under review; winnings: Stars of such a player would leave; unjudged: the signals of a prize do not come. Null: nothing.';
