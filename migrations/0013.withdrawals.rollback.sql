DROP SEQUENCE pay.highload_queries CASCADE;
DROP TABLE pay.withdrawal_events, pay.withdrawals CASCADE;
DROP TYPE pay.withdrawal_state, pay.payout_method CASCADE;
