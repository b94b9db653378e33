SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.my_referral_code(p_fresh text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_code text;
BEGIN
    SELECT c.code INTO v_code FROM game.referral_codes AS c WHERE c.user_id = auth.claim();
    IF NOT FOUND THEN
        -- Nothing is returned where the fresh code is somebody's, or another request was first: then ask again.
        INSERT INTO game.referral_codes AS c (user_id, code) SELECT auth.claim(), p_fresh WHERE auth.claim() IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING c.code INTO v_code;
    END IF;
    RETURN v_code;
END
$function$;

COMMENT ON FUNCTION game.my_referral_code IS
    'The referral code of the claim''s user: the one it has, else the fresh one; null: that one cannot be taken.';
GRANT EXECUTE ON FUNCTION game.my_referral_code TO ct_player;
