DROP TABLE pay.spending_limits CASCADE;
