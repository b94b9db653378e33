SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.store_responses(p_user_ids bigint[], p_endpoints text[], p_keys text[], p_responses bytea[])
    RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- A crash may forget a response, not the stake: the retry resumes its seat.  Whatever is committed durably later, as
    -- a refund, makes this durable with it, so that a key never looks younger than what came after it.
    SELECT set_config('synchronous_commit', 'off', true);
    WITH stored AS (
        UPDATE game.idempotency AS i SET response = a.response
        FROM unnest(p_user_ids, p_endpoints, p_keys, p_responses) AS a (user_id, endpoint, key, response)
        WHERE i.user_id = a.user_id AND i.endpoint = a.endpoint AND i.key = a.key AND i.response IS NULL
        RETURNING 1
    )
    SELECT count(*) FROM stored;
END;

COMMENT ON FUNCTION game.store_responses IS
    'Keeps the responses to successful requests; the first under a key stays. Tells how many were kept.';
GRANT EXECUTE ON FUNCTION game.store_responses TO ct_seats;
