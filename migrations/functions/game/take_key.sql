SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.take_key(
    p_user_id bigint, p_endpoint text, p_key text, p_body_hash bytea, p_lease_s double precision, p_subject text,
    OUT o_status text, OUT o_subject text, OUT o_response bytea
)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$function$
DECLARE
    v_row record;
BEGIN
    INSERT INTO game.idempotency (user_id, endpoint, key, body_hash, lease_until, subject)
    VALUES (
        p_user_id, p_endpoint, p_key, p_body_hash, clock_timestamp() + make_interval(secs => p_lease_s), p_subject
    )
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        o_status := 'new';
        o_subject := p_subject;
        RETURN;
    END IF;
    SELECT i.body_hash, i.response, i.subject, i.lease_until INTO v_row
    FROM game.idempotency AS i
    WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key
    FOR UPDATE;
    IF NOT FOUND THEN
        -- It was given up between two looks.
        o_status := 'idempotency_in_progress';
    ELSIF v_row.body_hash <> p_body_hash THEN
        o_status := 'idempotency_mismatch';
    ELSIF v_row.response IS NOT NULL THEN
        o_status := 'stored';
        o_subject := v_row.subject;
        o_response := v_row.response;
    ELSIF v_row.lease_until > clock_timestamp() THEN
        o_status := 'idempotency_in_progress';
    ELSE
        o_status := 'resume';
        o_subject := v_row.subject;
        UPDATE game.idempotency AS i SET lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE i.user_id = p_user_id AND i.endpoint = p_endpoint AND i.key = p_key;
    END IF;
END
$function$;

COMMENT ON FUNCTION game.take_key IS
    'The key of a request that changes money, in the transaction of its effect. new: take effect now, as the subject; stored: give the response again; resume: the subject was made and its response was lost, go on with it. Who then refuses gives the key back with game.drop_key.';
