SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.ranking(p_result jsonb)
    RETURNS TABLE (rank bigint, seat_id uuid, user_id bigint, taps int, best int, blocked boolean)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.n, (e.seat ->> 'seat_id')::uuid, (e.seat ->> 'user_id')::bigint, coalesce((e.seat ->> 'taps')::int, 0),
        coalesce((e.seat ->> 'best')::int, 0), coalesce((e.seat ->> 'blocked')::boolean, false)
    FROM jsonb_array_elements(p_result -> 'seats') WITH ORDINALITY AS e (seat, n);
END;

COMMENT ON FUNCTION game.ranking IS 'The seats of a result, in the order that Redis ranked them.';
