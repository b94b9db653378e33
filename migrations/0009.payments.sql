-- Payments by players, whatever the method: a state machine of orders.  pending -> paid | cancelled | expired; a payment
-- that arrives after a cancel or expiry makes it paid all the same.  What arrived is kept by the method's own tables.
-- Locks are taken in one order: the key, the receipt, the payment, then balances.
-- depends: 0008.referrals

SET LOCAL ROLE ct_owner;

CREATE TYPE pay.method AS ENUM ('stars', 'ton');
CREATE TYPE pay.state AS ENUM ('pending', 'paid', 'cancelled', 'expired', 'refunded', 'review');

COMMENT ON TYPE pay.method IS 'stars: Telegram Stars; ton: Toncoin.';
COMMENT ON TYPE pay.state IS
    'pending; paid: credited; cancelled: by the player; expired; refunded: sent back, or on its way back; review: something arrived that an operator must look at.';

CREATE TABLE pay.payments (
    payment_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    user_id bigint NOT NULL REFERENCES public.users,
    method pay.method NOT NULL,
    state pay.state NOT NULL DEFAULT 'pending',
    stars bigint NOT NULL CHECK (stars > 0),
    credited bigint NOT NULL DEFAULT 0 CHECK (credited >= 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    paid_at timestamptz,
    closed_at timestamptz,
    invoice_payload text UNIQUE,
    invoice_link text,
    ton_address text,
    ton_nanoton bigint CHECK (ton_nanoton > 0),
    ton_memo text UNIQUE,
    ton_rate bigint CHECK (ton_rate > 0),
    ton_network text,
    CHECK ((method = 'stars') = (invoice_payload IS NOT NULL)),
    CHECK (method = 'stars' OR invoice_link IS NULL),
    CHECK (
        num_nulls(ton_address, ton_nanoton, ton_memo, ton_rate, ton_network) = CASE method WHEN 'ton' THEN 0 ELSE 5 END
    ),
    CHECK (state <> 'paid' OR paid_at IS NOT NULL),
    CHECK (credited = 0 OR state = 'paid')
);
CREATE INDEX payments_of_user ON pay.payments (user_id, number);
CREATE INDEX payments_pending ON pay.payments (expires_at) WHERE state = 'pending';

COMMENT ON TABLE pay.payments IS 'What players wanted to pay in, and what became of it.';
COMMENT ON COLUMN pay.payments.payment_id IS 'Its public name; chosen by the gateway.';
COMMENT ON COLUMN pay.payments.number IS 'Rises with every payment: the order of lists.';
COMMENT ON COLUMN pay.payments.user_id IS 'Whose balance it is for.';
COMMENT ON COLUMN pay.payments.method IS 'stars or ton.';
COMMENT ON COLUMN pay.payments.state IS 'What became of it.';
COMMENT ON COLUMN pay.payments.stars IS 'Stars that were ordered.';
COMMENT ON COLUMN pay.payments.credited IS 'Stars that the balance got, and still has of it.';
COMMENT ON COLUMN pay.payments.created_at IS 'When it was ordered, by the clock of Redis.';
COMMENT ON COLUMN pay.payments.expires_at IS 'Until when it is waited for.';
COMMENT ON COLUMN pay.payments.paid_at IS 'When it was paid, by the clock of who took the payment.';
COMMENT ON COLUMN pay.payments.closed_at IS 'When it was cancelled, or found expired.';
COMMENT ON COLUMN pay.payments.invoice_payload IS 'What the invoice carries and comes back with the payment; nobody can guess it.';
COMMENT ON COLUMN pay.payments.invoice_link IS 'The link of the invoice; null: not made yet.';
COMMENT ON COLUMN pay.payments.ton_address IS 'Where the TON has to go.';
COMMENT ON COLUMN pay.payments.ton_nanoton IS 'How many billionths of a TON.';
COMMENT ON COLUMN pay.payments.ton_memo IS 'The comment by which the payment is found.';
COMMENT ON COLUMN pay.payments.ton_rate IS 'Billionths of a TON for one Star, fixed when it was ordered.';
COMMENT ON COLUMN pay.payments.ton_network IS 'Which chain.';

-- Only the functions of money see everything: whoever else is given a right to read sees the own rows.
ALTER TABLE pay.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay.payments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pay.payments
    USING (user_id = (SELECT auth.claim()))
    WITH CHECK (user_id = (SELECT auth.claim()));
CREATE POLICY money ON pay.payments TO ct_ledger USING (true) WITH CHECK (true);
COMMENT ON POLICY own_rows ON pay.payments IS 'A payment belongs to the user it names.';
COMMENT ON POLICY money ON pay.payments IS 'Functions of money act for whoever pays.';

GRANT SELECT, INSERT, UPDATE ON pay.payments TO ct_ledger;

RESET ROLE;
