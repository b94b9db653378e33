SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION bot.stats() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN jsonb_build_object(
        'players', (SELECT count(*) FROM ledger.balances),
        'players_day', (
            SELECT count(*) FROM ledger.accounts AS a WHERE a.kind = 'player' AND a.created_at > now() - interval '1 day'
        ),
        'banned', (SELECT count(*) FROM auth.users AS a WHERE a.banned_at IS NOT NULL),
        'games_day', (
            SELECT count(*) FROM game.rooms AS r WHERE r.outcome = 'settled' AND r.decided_at > now() - interval '1 day'
        ),
        'staked_day', (
            SELECT coalesce(sum(s.amount), 0) FROM game.seats AS s WHERE s.created_at > now() - interval '1 day'
        ),
        'prizes_day', (
            SELECT coalesce(sum(r.prize), 0) FROM game.rooms AS r
            WHERE r.outcome = 'settled' AND r.decided_at > now() - interval '1 day'
        ),
        'open_rooms', (SELECT count(*) FROM game.rooms AS r WHERE r.outcome = 'open'),
        'balances', (SELECT coalesce(sum(b.balance), 0) FROM ledger.balances AS b),
        'appeals', (SELECT count(*) FROM bot.appeals AS p WHERE p.answer IS NULL)
    );

COMMENT ON FUNCTION bot.stats IS 'A few numbers for admins. Reads whole tables.';
GRANT EXECUTE ON FUNCTION bot.stats TO ct_operator, ct_errand;
