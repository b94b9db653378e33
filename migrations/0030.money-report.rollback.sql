DROP FUNCTION pay.outside_books();
DROP FUNCTION pay.money_flows(timestamptz, timestamptz);
