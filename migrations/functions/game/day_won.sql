SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.day_won(p_result jsonb, p_decided_at timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE
    RETURN (
        -- The result is written a second of grace after the end, or as soon as the target is reached.
        coalesce(
            to_timestamp(
                least((p_result ->> 'ends_ms')::double precision, (p_result ->> 'finished_ms')::double precision) / 1000
            ),
            p_decided_at
        ) AT TIME ZONE 'UTC'
    )::date;

COMMENT ON FUNCTION game.day_won IS
    'The day a prize counts for: when the game ended, by its result, else when it was decided.';
