SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.note_star_reconciliation(
    p_bot_id bigint, p_from bigint, p_next bigint, p_new int, p_credited int, p_reversed int, p_telegram bigint, p_book bigint,
    p_ledger bigint, p_outside bigint, p_settled boolean, p_differences jsonb, p_every_s double precision
) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.star_reconciliation_schedule AS r SET due_at = now() + make_interval(secs => p_every_s);
    INSERT INTO pay.star_reconciliations AS s (
        bot_id, from_offset, next_offset, new_transactions, credited, reversed, telegram_stars, book_stars, ledger_stars,
        outside_stars, settled, differences
    ) VALUES (
        p_bot_id, p_from, p_next, p_new, p_credited, p_reversed, p_telegram, p_book, p_ledger, p_outside, p_settled, p_differences
    )
    RETURNING s.run_id;
END;

COMMENT ON FUNCTION pay.note_star_reconciliation IS 'Keeps what a reading found, and says when the next is due.';
GRANT EXECUTE ON FUNCTION pay.note_star_reconciliation TO ct_settler;
