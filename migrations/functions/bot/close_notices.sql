SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.close_notices(p_notice_ids bigint[], p_delivery text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    UPDATE bot.notices AS n SET due_at = NULL, delivery = p_delivery, delivery_at = now()
    WHERE n.notice_id = ANY (p_notice_ids) AND n.due_at IS NOT NULL;
END;

COMMENT ON FUNCTION bot.close_notices IS 'The bot need not say these.';
GRANT EXECUTE ON FUNCTION bot.close_notices TO ct_settler;
