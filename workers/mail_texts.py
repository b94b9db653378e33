"""What e-mails say, in Russian and English: plain text, and the same as minimal HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from bot.language import Language
from persistence.mail import Mail
from persistence.postgres.outbox import QueuedMail, Template


@dataclass(frozen=True, slots=True)
class Words:
    """`button` names the link, where there is one; `after` follows it."""

    subject: str
    before: str
    button: str = ""
    after: str = ""


LINKS: Final[Mapping[str, str]] = {
    "register": "verify",
    "link": "verify",
    "reset": "reset",
    "linked": "object",
    "removed": "object",
}
"""What the token in a link is for, as the web app reads it behind the #, which no server sees."""

WORDS: Final[Mapping[Template, Mapping[Language, Words]]] = {
    "register": {
        "en": Words(
            "Confirm your e-mail address",
            "Somebody, hopefully you, wants to play Chance Tap with this address. To confirm it, open the link and"
            " enter the password that you chose. It works once, for one day.",
            "Confirm the address",
            "If it was not you, do nothing: without that password nobody can use the link.",
        ),
        "ru": Words(
            "Подтвердите адрес почты",
            "Кто-то, надеемся, что вы, хочет играть в Chance Tap с этим адресом. Чтобы подтвердить его, откройте ссылку"
            " и введите выбранный пароль. Она действует один раз, в течение суток.",
            "Подтвердить адрес",
            "Если это были не вы, ничего не делайте: без этого пароля ссылка никому не поможет.",
        ),
    },
    "link": {
        "en": Words(
            "Confirm your e-mail address",
            "Somebody, hopefully you, wants to add this address to an account of Chance Tap. To confirm it, open the"
            " link and enter the password that you chose. It works once, for one day.",
            "Confirm the address",
            "If it was not you, do nothing: without that password nobody can use the link.",
        ),
        "ru": Words(
            "Подтвердите адрес почты",
            "Кто-то, надеемся, что вы, хочет добавить этот адрес к аккаунту Chance Tap. Чтобы подтвердить его, откройте"
            " ссылку и введите выбранный пароль. Она действует один раз, в течение суток.",
            "Подтвердить адрес",
            "Если это были не вы, ничего не делайте: без этого пароля ссылка никому не поможет.",
        ),
    },
    "known": {
        "en": Words(
            "You already have an account",
            "Somebody, hopefully you, tried to use this address in Chance Tap. It already has an account: log in with"
            " your password, or set a new one with “Forgot password”.",
            after="If it was not you, there is nothing to do: nothing was changed.",
        ),
        "ru": Words(
            "У вас уже есть аккаунт",
            "Кто-то, надеемся, что вы, попытался использовать этот адрес в Chance Tap. С ним уже есть аккаунт: войдите"
            " со своим паролем или задайте новый через «Забыли пароль».",
            after="Если это были не вы, делать ничего не нужно: ничего не изменилось.",
        ),
    },
    "reset": {
        "en": Words(
            "Set a new password",
            "Somebody, hopefully you, asked for a new password in Chance Tap. The link works once, for one hour.",
            "Set a new password",
            "If it was not you, do nothing: your password stays as it is.",
        ),
        "ru": Words(
            "Новый пароль",
            "Кто-то, надеемся, что вы, запросил новый пароль в Chance Tap. Ссылка действует один раз, в течение часа.",
            "Задать новый пароль",
            "Если это были не вы, ничего не делайте: пароль останется прежним.",
        ),
    },
    "changed": {
        "en": Words(
            "Your password was changed",
            "The password of your Chance Tap account was changed, and every open session was ended.",
            after="If it was not you, set a new one at once with “Forgot password”.",
        ),
        "ru": Words(
            "Пароль изменён",
            "Пароль вашего аккаунта Chance Tap изменён, все открытые сеансы завершены.",
            after="Если это были не вы, сразу задайте новый через «Забыли пароль».",
        ),
    },
    "linked": {
        "en": Words(
            "Telegram was linked to your account",
            "A Telegram account was linked to your Chance Tap account and can log in to it from now on. Every session"
            " of before was ended. If it was not you, open the link within three days: it takes this back and ends"
            " every session.",
            "It was not me",
            "If it was you, there is nothing to do. Do not pass this link on.",
        ),
        "ru": Words(
            "К аккаунту привязан Telegram",
            "К вашему аккаунту Chance Tap привязан Telegram: теперь в аккаунт можно войти и через него. Прежние сеансы"
            " завершены. Если это были не вы, откройте ссылку в течение трёх дней: привязка отменится, а все сеансы"
            " завершатся.",
            "Это не я",
            "Если это были вы, делать ничего не нужно. Никому не передавайте эту ссылку.",
        ),
    },
    "removed": {
        "en": Words(
            "A way to log in was removed",
            "This address was unlinked from your Chance Tap account and no longer logs in to it. Your Stars and games"
            " stay with the account, and every session of before was ended. If it was not you, open the link within"
            " three days: the address logs in again with its password, and every session ends.",
            "It was not me",
            "If it was you, there is nothing to do. Do not pass this link on.",
        ),
        "ru": Words(
            "Способ входа удалён",
            "Этот адрес отвязан от вашего аккаунта Chance Tap, и войти с ним больше нельзя. Звёзды и игры остаются на"
            " аккаунте, прежние сеансы завершены. Если это были не вы, откройте ссылку в течение трёх дней: вход с этим"
            " адресом и его паролем вернётся, а все сеансы завершатся.",
            "Это не я",
            "Если это были вы, делать ничего не нужно. Никому не передавайте эту ссылку.",
        ),
    },
    "unlinked": {
        "en": Words(
            "A way to log in was removed",
            "Telegram was unlinked from your Chance Tap account. Your Stars and games stay with it, and every session"
            " of before was ended.",
            after="If it was not you, set a new password at once with “Forgot password”. In the chat with our bot you"
            " can take this back for three days.",
        ),
        "ru": Words(
            "Способ входа удалён",
            "Telegram отвязан от вашего аккаунта Chance Tap. Звёзды и игры остаются на нём, прежние сеансы завершены.",
            after="Если это были не вы, сразу задайте новый пароль через «Забыли пароль». Вернуть Telegram можно в чате"
            " с нашим ботом в течение трёх дней.",
        ),
    },
}


def write(queued: QueuedMail, home_url: str, token: str | None) -> Mail:
    """The mail in its language.  `token` for the templates that have a link."""
    words = WORDS[queued.template][queued.language]
    link = f"{home_url}/#{LINKS[queued.template]}={token}" if words.button else ""
    paragraphs = [part for part in (words.before, link, words.after, "Chance Tap") if part]
    html = [f"<p>{escape(words.before)}</p>"]
    if link:
        html.append(f'<p><a href="{escape(link)}">{escape(words.button)}</a></p>')
    if words.after:
        html.append(f"<p>{escape(words.after)}</p>")
    html.append("<p>Chance Tap</p>")
    head = f'<!doctype html><html lang="{queued.language}"><meta charset="utf-8">'
    return Mail(
        mail_id=queued.mail_id,
        address=queued.address,
        language=queued.language,
        subject=f"Chance Tap: {words.subject}",
        text="\n\n".join(paragraphs) + "\n",
        html=f"{head}<body>{''.join(html)}</body></html>\n",
    )
