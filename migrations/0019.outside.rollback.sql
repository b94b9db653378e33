DROP FUNCTION IF EXISTS
    game.note_watch, game.expect_watches, game.list_watches,
    pay.put_aside, pay.list_set_aside, pay.close_set_aside, pay.count_set_aside,
    pay.record_chain, pay.credit_ton, pay.assign_chain, pay.request_stars, pay.request_ton, pay.order_pause,
    pay.watched_addresses, pay.note_star_transactions, pay.star_offset, pay.star_sums, pay.unrecorded_stars,
    pay.note_star_reconciliation, pay.star_differences, pay.begin_payout, pay.review_withdrawal, pay.match_gift,
    pay.name_transaction, pay.hand_over_withdrawals, pay.close_charge
    CASCADE;

DROP TABLE game.watches, pay.set_aside, pay.star_books;

DROP INDEX pay.payments_unpaid_of_user, pay.payments_by_address;

ALTER TABLE pay.chain_receipts DROP CONSTRAINT chain_receipts_reason_check;
ALTER TABLE pay.chain_receipts ADD CONSTRAINT chain_receipts_reason_check CHECK (reason IN (
    'no_memo', 'unknown', 'repeated', 'short', 'late', 'aborted', 'dust', 'bounced', 'jetton', 'foreign', 'sends',
    'excess', 'dismissed'
));
COMMENT ON COLUMN pay.chain_receipts.reason IS
    'no_memo; unknown (memo); repeated (the memo was used); short (less than was ordered); late (credited at the rate of the moment, or no rate); aborted (the address has no code); dust; bounced (our own message came back); jetton (a token, or what pretends to be one); foreign (another destination); sends (the address acted); excess (credited with more than was ordered); dismissed (by an operator).';
COMMENT ON COLUMN pay.chain_receipts.rate IS 'Billionths of a TON for one Star, by which they were.';

DROP INDEX pay.star_transactions_by_id, pay.star_transactions_unmatched;
ALTER TABLE pay.star_transactions DROP CONSTRAINT star_transactions_pkey;
REVOKE UPDATE (bot_id, matched) ON pay.star_transactions FROM ct_ledger;
ALTER TABLE pay.star_transactions DROP COLUMN bot_id CASCADE, DROP COLUMN matched CASCADE;
ALTER TABLE pay.star_transactions ADD PRIMARY KEY (transaction_id, direction);

ALTER TABLE pay.star_reconciliations DROP COLUMN bot_id CASCADE;

DROP INDEX pay.withdrawals_sending;
ALTER TABLE pay.withdrawals DROP COLUMN bot_id CASCADE, DROP COLUMN wallet CASCADE;
