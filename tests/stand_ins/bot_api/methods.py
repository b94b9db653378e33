"""The methods of the Bot API: each gets parameters that the documentation allows, and answers as Telegram does."""

import asyncio
import contextlib
import re
import time
from typing import Any
from urllib.parse import urlsplit

from tests.stand_ins.bot_api import text as html
from tests.stand_ins.bot_api.book import Refused
from tests.stand_ins.bot_api.delivery import Webhook
from tests.stand_ins.bot_api.schema import DEFAULT_KINDS
from tests.stand_ins.bot_api.world import Account, Received, World

Parameters = dict[str, Any]

# Stars for months of Premium: the only combinations that the Bot API takes.
PREMIUM_STARS = {3: 1000, 6: 1500, 12: 2500}
LARGEST_INVOICE = 100_000
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_PNG = b"\x89PNG\r\n\x1a\n"  # the only kind that this server looks into
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
_SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


class Methods:
    def __init__(self, world: World) -> None:
        self._world = world

    async def call(self, method: str, p: Parameters, files: dict[str, bytes]) -> Any:
        """The result of a call, or `Refused`.  `files` came with it."""
        if method == "sendPhoto":
            return self._send_photo(p, files)
        name = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), method)
        return await getattr(self, "_" + name)(p)

    async def _get_me(self, p: Parameters) -> Any:
        able = {"can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return self._world.bot | able | {"can_connect_to_business": False, "has_main_web_app": True}

    # How updates come

    async def _set_webhook(self, p: Parameters) -> Any:
        delivery = self._world.delivery
        self._allow(p)
        if not p["url"]:
            return await self._delete_webhook(p)
        address = urlsplit(p["url"])
        # http and other ports are for a Bot API server of one's own, on the same machine.
        if address.hostname not in ("127.0.0.1", "localhost"):
            if address.scheme != "https":
                raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
            if address.port not in (None, 443, 80, 88, 8443):
                raise Refused(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        secret = p.get("secret_token")
        if secret is not None and _SECRET.fullmatch(secret) is None:
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        if p.get("drop_pending_updates"):
            delivery.pending.clear()
        delivery.set_webhook(Webhook(p["url"], secret, p.get("max_connections", 40)))
        self._world.changed()
        return True

    async def _delete_webhook(self, p: Parameters) -> Any:
        if p.get("drop_pending_updates"):
            self._world.delivery.pending.clear()
        self._world.delivery.set_webhook(None)
        return True

    async def _get_webhook_info(self, p: Parameters) -> Any:
        delivery = self._world.delivery
        info: dict[str, Any] = {
            "url": delivery.webhook.url if delivery.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(delivery.pending),
            "allowed_updates": sorted(delivery.allowed),
        }
        if delivery.last_error is not None:
            info |= {"last_error_date": self._world.now(), "last_error_message": delivery.last_error}
        return info

    async def _get_updates(self, p: Parameters) -> Any:
        delivery = self._world.delivery
        if delivery.webhook is not None:
            words = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise Refused(409, f"Conflict: {words}")
        self._allow(p)
        offset = p.get("offset", 0)
        if offset < 0:
            offset = sorted(delivery.pending)[max(offset, -len(delivery.pending))] if delivery.pending else 0
        delivery.confirm(offset)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(p.get("timeout", 0)):
                await self._world.until(lambda: bool(delivery.pending))
        return [delivery.pending[one] for one in sorted(delivery.pending)][: p.get("limit", 100)]

    def _allow(self, p: Parameters) -> None:
        if "allowed_updates" in p:
            self._world.delivery.allowed = frozenset(p["allowed_updates"]) or DEFAULT_KINDS

    # Messages

    async def _send_message(self, p: Parameters) -> Any:
        account = self._reach(p["chat_id"])
        text, entities = html.plain(p["text"], p.get("parse_mode"))
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        _check_buttons(p.get("reply_markup"))
        return self._world.message_to(account, text, entities, reply_markup=p.get("reply_markup"))

    def _send_photo(self, p: Parameters, files: dict[str, bytes]) -> Any:
        account = self._reach(p["chat_id"])
        picture = files.get(p["photo"].removeprefix("attach://"))
        if picture is None or not picture.startswith(_PNG):
            raise Refused(400, "Bad Request: there is no photo in the request")
        width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
        if width + height > 10_000 or len(picture) > 10 * 1024 * 1024:
            raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        words, entities = html.plain(p.get("caption", ""), p.get("parse_mode"))
        markup = p.get("reply_markup")
        _check_buttons(markup)
        number = f"photo-{self._world.number()}"
        shown = {"file_id": number, "file_unique_id": number, "width": width, "height": height}
        more = {"photo": [shown], "caption": words}
        return self._world.message_to(account, "", entities, picture=picture, reply_markup=markup, **more)

    async def _send_chat_action(self, p: Parameters) -> Any:
        self._reach(p["chat_id"])
        return True

    async def _edit_message_text(self, p: Parameters) -> Any:
        received = self._received(p)
        text, entities = html.plain(p["text"], p.get("parse_mode"))
        return self._edit(received, {"text": text, "entities": entities}, p)

    async def _edit_message_reply_markup(self, p: Parameters) -> Any:
        return self._edit(self._received(p), {}, p)

    async def _delete_message(self, p: Parameters) -> Any:
        self._received(p, "delete").deleted = True
        self._world.changed()
        return True

    async def _answer_callback_query(self, p: Parameters) -> Any:
        if self._world.pressed.get(p["callback_query_id"], p) is not None:
            raise Refused(400, _TOO_OLD)
        self._world.pressed[p["callback_query_id"]] = p
        self._world.changed()
        return True

    async def _answer_inline_query(self, p: Parameters) -> Any:
        raise Refused(400, _TOO_OLD)

    async def _save_prepared_inline_message(self, p: Parameters) -> Any:
        self._account(p["user_id"])
        number = f"prepared-{self._world.number()}"
        self._world.prepared[number] = p
        return {"id": number, "expiration_date": self._world.now() + 3600}

    async def _get_chat(self, p: Parameters) -> Any:
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, True)}
        return self._account(p["chat_id"]).chat | more

    # Settings of the bot

    async def _set_my_commands(self, p: Parameters) -> Any:
        if len(p["commands"]) > 100:
            raise Refused(400, "Bad Request: too many commands specified")
        for command in p["commands"]:
            if _COMMAND.fullmatch(command["command"]) is None:
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
        return self._set("commands", p, p["commands"])

    async def _delete_my_commands(self, p: Parameters) -> Any:
        return self._set("commands", p, [])

    async def _get_my_commands(self, p: Parameters) -> Any:
        return self._world.settings.get(_setting("commands", p), [])

    async def _set_my_description(self, p: Parameters) -> Any:
        return self._set("description", p, p.get("description", ""))

    async def _set_my_short_description(self, p: Parameters) -> Any:
        return self._set("short_description", p, p.get("short_description", ""))

    async def _set_chat_menu_button(self, p: Parameters) -> Any:
        button = p.get("menu_button", {"type": "default"})
        if button["type"] == "web_app":
            _check_web_app(button["web_app"]["url"])
        return self._set("menu_button", p, button)

    async def _get_chat_menu_button(self, p: Parameters) -> Any:
        return self._world.settings.get(_setting("menu_button", p), {"type": "default"})

    # Stars

    async def _create_invoice_link(self, p: Parameters) -> Any:
        return self._invoice(p).link

    async def _send_invoice(self, p: Parameters) -> Any:
        account = self._reach(p["chat_id"])
        invoice = self._invoice(p)
        shown = {"title": p["title"], "description": p["description"], "start_parameter": "", "currency": "XTR"}
        button = {"text": f"Pay {invoice.stars}", "pay": True}
        markup = p.get("reply_markup") or {"inline_keyboard": [[button]]}
        shown |= {"total_amount": invoice.stars}
        return self._world.message_to(account, "", [], invoice=shown, reply_markup=markup)

    async def _answer_pre_checkout_query(self, p: Parameters) -> Any:
        asked = self._world.asked.get(p["pre_checkout_query_id"])
        late = asked is None or time.monotonic() - asked.asked_at > self._world.pre_checkout_s
        if asked is None or late or asked.answer.done():
            raise Refused(400, _TOO_OLD)
        if not p["ok"] and not p.get("error_message"):
            raise Refused(400, "Bad Request: error message must be specified")
        asked.answer.set_result(p)
        return True

    async def _refund_star_payment(self, p: Parameters) -> Any:
        self._world.refund(p["user_id"], p["telegram_payment_charge_id"])
        return True

    async def _get_star_transactions(self, p: Parameters) -> Any:
        offset = p.get("offset", 0)
        return {"transactions": self._world.book.transactions[offset : offset + p.get("limit", 100)]}

    async def _get_my_star_balance(self, p: Parameters) -> Any:
        return {"amount": self._world.book.balance}

    async def _gift_premium_subscription(self, p: Parameters) -> Any:
        account = self._account(p["user_id"])
        if PREMIUM_STARS[p["month_count"]] != p["star_count"]:
            raise Refused(400, "Bad Request: invalid star_count specified")
        self._world.book.give_premium(account.user, p["star_count"], p["month_count"], self._world.now())
        self._world.premium[account.id] = self._world.premium.get(account.id, 0) + p["month_count"]
        self._world.changed()
        return True

    # What several of them need

    def _account(self, chat_id: object) -> Account:
        account = self._world.accounts.get(int(str(chat_id))) if str(chat_id).lstrip("-").isdigit() else None
        if account is None:
            raise Refused(400, "Bad Request: chat not found")
        return account

    def _reach(self, chat_id: object) -> Account:
        """The account, if the bot may write to it now."""
        account = self._account(chat_id)
        if account.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not account.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        now = time.monotonic()
        recent = [sent for sent in self._world.sent_at if now - sent < 1]
        if self._world.per_second is not None and len(recent) >= self._world.per_second:
            raise Refused(429, "Too Many Requests: retry after 1", retry_after=1)
        self._world.sent_at = [*recent, now]
        return account

    def _received(self, p: Parameters, what: str = "edit") -> Received:
        inbox = self._reach(p.get("chat_id")).inbox
        found = [one for one in inbox if one.message_id == p.get("message_id") and not one.deleted]
        if not found:
            raise Refused(400, f"Bad Request: message to {what} not found")
        return found[0]

    def _edit(self, received: Received, content: dict[str, Any], p: Parameters) -> dict[str, Any]:
        _check_buttons(p.get("reply_markup"))
        before = dict(received.message)
        message = {key: value for key, value in before.items() if key != "reply_markup"}
        message |= {key: value for key, value in content.items() if value}
        message |= {"reply_markup": p["reply_markup"]} if p.get("reply_markup") else {}
        if message == before:
            raise Refused(400, _SAME)
        received.message = message | {"edit_date": self._world.now()}
        received.text = message.get("text", "")
        received.markup = message.get("reply_markup", {})
        self._world.changed()
        return received.message

    def _set(self, what: str, p: Parameters, value: object) -> bool:
        self._world.settings[_setting(what, p)] = value
        self._world.changed()
        return True

    def _invoice(self, p: Parameters) -> Any:
        if p["currency"] != "XTR" or p.get("provider_token"):
            raise Refused(400, "Bad Request: PAYMENT_PROVIDER_INVALID")
        if len(p["prices"]) != 1 or p.get("max_tip_amount") or p.get("suggested_tip_amounts"):
            raise Refused(400, "Bad Request: STARS_INVOICE_INVALID")
        stars = p["prices"][0]["amount"]
        if not 1 <= stars <= LARGEST_INVOICE:
            raise Refused(400, "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID")
        return self._world.invoice(p["payload"], stars, p["title"])


def _setting(what: str, p: Parameters) -> str:
    """`commands`, `commands ru`, `menu_button 12345`."""
    scope = p.get("scope") or {}
    parts = (what, p.get("language_code"), p.get("chat_id"), scope.get("chat_id"))
    return " ".join(str(part) for part in parts if part)


def _check_buttons(markup: dict[str, Any] | None) -> None:
    rows = (markup or {}).get("inline_keyboard") or (markup or {}).get("keyboard") or []
    for button in (button for row in rows for button in row):
        if "web_app" in button:
            _check_web_app(button["web_app"]["url"])
        deeds = set(button) - {"text", "style", "icon_custom_emoji_id"}
        if "inline_keyboard" in (markup or {}) and len(deeds) != 1:
            raise Refused(400, "Bad Request: can't parse inline keyboard button: exactly one deed is needed")


def _check_web_app(url: str) -> None:
    if not url.startswith("https://"):
        words = f"Bad Request: inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed"
        raise Refused(400, words)
