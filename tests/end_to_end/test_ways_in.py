"""Both ways for updates to reach the bot, as processes: asking for them, in development, and the gateways' webhook."""

from pathlib import Path

from tests.fixtures.fork_server import ForkServer
from tests.fixtures.outside import PUBLIC_URL, WEBHOOK_SECRET, bot_environment, set_webhook
from tests.fixtures.stack import Stack, stack_environment
from tests.stand_ins.telegram import TelegramApi

KINDS = {"message", "callback_query", "pre_checkout_query", "my_chat_member"}


def test_polling_takes_the_webhook_s_place_and_gives_it_back(
    database_url: str, redis_url: str, telegram_api: TelegramApi, tmp_path: Path, fork_server: ForkServer
) -> None:
    environment = stack_environment(tmp_path, database_url, redis_url, **bot_environment(telegram_api))
    stack = Stack(tmp_path, fork_server, environment)
    anna = telegram_api.person("Аня", language_code="ru")
    telegram_api.webhook_at(f"{PUBLIC_URL}/telegram/webhook", WEBHOOK_SECRET)  # of another day
    try:
        # That Telegram is away at the start is no reason to end.
        telegram_api.fail("deleteWebhook", 502, "Bad Gateway", times=2)
        bot = stack.run("bot", ["bot"])
        anna.says("/start")
        anna.hears("Добро пожаловать", within_s=60).result(70)
        assert telegram_api.webhook is None
        assert set(telegram_api.calls_of("getUpdates")[-1].parameters["allowed_updates"]) == KINDS
        telegram_api.delivered().result()

        # Flood control, and a proxy's error, hold nobody up for good.
        telegram_api.flood("getUpdates", retry_after=1)
        telegram_api.fail("getUpdates", 502, "Bad Gateway")
        anna.says("/help")
        anna.hears("Что я умею", within_s=60).result(70)
        telegram_api.delivered().result()
        bot.ask_to_stop()
        assert bot.process.wait(20) == 0
        assert [one.text.split("\n")[0][:16] for one in anna.inbox] == ["Добро пожаловать", "Что я умею:"]

        # Now the gateways.  What was written meanwhile is not lost.
        anna.says("/terms")
        stack.add_gateway()
        set_webhook(stack, telegram_api)
        stack.wait_for_gateway()
        assert telegram_api.webhook is not None
        assert telegram_api.webhook.secret == WEBHOOK_SECRET
        anna.hears("Правила Chance Tap").result()
        telegram_api.delivered().result()
        assert {name["command"] for name in telegram_api.setting("commands ru")} >= {"start", "wallet", "paysupport"}
        assert stack.errors() == []
    finally:
        stack.stop()
