-- depends: game.rhythms_of game.small_games game.transfers_of
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION game.claim_records(p_limit int, p_lease_s double precision) RETURNS TABLE (room_id text, facts jsonb)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH due AS (
        SELECT q.room_id FROM game.record_queue AS q WHERE q.due_at <= now()
        ORDER BY q.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        -- Each further try waits twice as long, an hour at most.
        UPDATE game.record_queue AS q
        SET tries = q.tries + 1, due_at = now() + make_interval(secs => least(p_lease_s * 2 ^ least(q.tries, 20), 3600))
        FROM due WHERE q.room_id = due.room_id
        RETURNING q.room_id
    )
    SELECT r.room_id, jsonb_build_object(
        'capacity', r.capacity, 'stake', r.stake, 'fee_bps', r.fee_bps, 'kind', r.kind, 'target', coalesce(r.target, 0),
        'organizer_id', r.organizer_id::text, 'pool', coalesce(r.pool, 0), 'prize', coalesce(r.prize, 0),
        'fee', coalesce(r.fee, 0), 'result', r.result, 'decision', r.decision,
        'transfers', game.transfers_of(r.room_id), 'rhythms', game.rhythms_of(r.room_id),
        'few', game.small_games(r.room_id, 7, 4, 200)
    )
    FROM taken JOIN game.rooms AS r USING (room_id);
END;

COMMENT ON FUNCTION game.claim_records IS
    'Games whose record is due, with all that Postgres knows of them; nobody else gets them before the lease ends.';
GRANT EXECUTE ON FUNCTION game.claim_records TO ct_settler;
