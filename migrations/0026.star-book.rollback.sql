DROP FUNCTION pay.payment_report(text);
DROP FUNCTION pay.list_receipts(boolean, bigint, int);
DROP FUNCTION pay.note_reconciliation(bigint, bigint, int, int, int, bigint, bigint, bigint, bigint, boolean, jsonb, double precision);
DROP FUNCTION pay.star_sums();
DROP FUNCTION pay.star_differences(double precision);
DROP FUNCTION pay.unrecorded_stars(int);
DROP FUNCTION pay.note_star_transactions(text[], text[], bigint[], int[], bigint[], text[], text[], bigint[], text[]);
DROP FUNCTION pay.star_offset();
DROP FUNCTION pay.claim_star_reading(double precision);
DROP TABLE pay.star_reader;
REVOKE EXECUTE ON FUNCTION pay.refund_stars(text, text), pay.list_payments(pay.state, bigint, int) FROM ct_operator;
GRANT EXECUTE ON FUNCTION pay.refund_stars(text, text), pay.list_payments(pay.state, bigint, int) TO ct_settler;
REVOKE USAGE ON SCHEMA pay FROM ct_operator;

CREATE OR REPLACE FUNCTION auth.block_for_review(p_user_id bigint, p_reason text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE auth.users AS a SET banned_at = now(), ban_reason = p_reason
    WHERE a.user_id = p_user_id AND a.banned_at IS NULL;
END;
