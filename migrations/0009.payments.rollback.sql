DROP TABLE pay.payments CASCADE;
DROP TYPE pay.state, pay.method CASCADE;
