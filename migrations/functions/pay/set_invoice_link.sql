-- depends: auth.claim
SET LOCAL ROLE ct_ledger;

CREATE OR REPLACE FUNCTION pay.set_invoice_link(p_payment_id uuid, p_link text) RETURNS SETOF pay.payments
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE pay.payments AS p SET invoice_link = coalesce(p.invoice_link, p_link)
    WHERE p.payment_id = p_payment_id AND p.user_id = auth.claim() AND p.method = 'stars'
    RETURNING p.*;
END;

COMMENT ON FUNCTION pay.set_invoice_link IS
    'Keeps the link of an invoice; the first one stays, also when two were made at once.';
GRANT EXECUTE ON FUNCTION pay.set_invoice_link TO ct_player;
