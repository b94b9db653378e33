SET LOCAL ROLE ct_auth;

CREATE OR REPLACE FUNCTION bot.set_can_write(p_telegram_id bigint, p_can_write boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO bot.chats AS c (telegram_id, can_write) VALUES (p_telegram_id, p_can_write)
    ON CONFLICT (telegram_id) DO UPDATE SET can_write = excluded.can_write, changed_at = now()
    WHERE c.can_write <> excluded.can_write;
END;

COMMENT ON FUNCTION bot.set_can_write IS 'Somebody started the bot, or blocked it.';
GRANT EXECUTE ON FUNCTION bot.set_can_write TO ct_chat;
