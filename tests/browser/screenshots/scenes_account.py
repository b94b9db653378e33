"""Coming in by e-mail, and the ways into an account."""

import httpx
from playwright.async_api import expect

from tests.browser.screenshots.studio import Studio, Viewer
from tests.browser.test_account import PASSWORD, REFUSED, mailed, open_account
from tests.fixtures.stack import MakeStack
from tests.stand_ins.mail import MailSink
from tests.stand_ins.telegram import TelegramApi


def address(viewer: Viewer) -> str:
    return f"a-rather-long-address-{viewer.look.ending}@mail.example.com".lower()


async def fill(viewer: Viewer, kind: str, text: str) -> None:
    await viewer.player.page.locator(f"input[type={kind}]:visible").last.fill(text)


async def send(viewer: Viewer) -> None:
    await viewer.player.page.locator("button[type=submit]").click()


async def test_the_door(make_stack: MakeStack, studio: Studio, sink: MailSink, telegram_api: TelegramApi) -> None:
    stack = make_stack(
        BOT_TOKEN=telegram_api.token,
        TELEGRAM_API_URL=telegram_api.url,
        BOT_USERNAME="chance_bot",
        SMTP_URL=sink.url,
    )
    await studio.invite(stack.url, lambda _client: None, tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.page.goto(stack.url))
    await studio.all(lambda viewer: expect(viewer.button("Log in by e-mail", "Войти по почте")).to_be_visible())
    await studio.shoot("door")

    await studio.all(lambda viewer: viewer.button("Log in by e-mail", "Войти по почте").click())
    await studio.all(lambda viewer: fill(viewer, "email", "anna@example.com"))
    await studio.all(lambda viewer: fill(viewer, "password", "not the password"))
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("is wrong", "Неверный")).to_be_visible())
    await studio.shoot("door-log-in")

    await studio.all(lambda viewer: viewer.button("Back", "Назад").click())
    await studio.all(lambda viewer: viewer.button("Create an account", "Создать аккаунт").click())
    await studio.all(lambda viewer: fill(viewer, "email", address(viewer)))
    await studio.all(lambda viewer: fill(viewer, "password", "12345678"))
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("easy to guess", "легко угадать")).to_be_visible())
    await studio.shoot("door-register")
    await studio.all(lambda viewer: fill(viewer, "password", PASSWORD))
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("Check your e-mail", "Проверьте почту")).to_be_visible())
    await studio.shoot("door-registered")

    async def open_link(viewer: Viewer) -> None:
        await viewer.player.page.goto(f"{stack.url}/#{await mailed(sink, address(viewer))}")

    await studio.all(open_link)
    await studio.all(lambda viewer: expect(viewer.says("Confirm your address", "Подтвердите адрес")).to_be_visible())
    await studio.shoot("door-verify")
    await studio.all(lambda viewer: viewer.player.page.goto(f"{stack.url}/#reset={'0' * 64}"))
    await studio.all(lambda viewer: fill(viewer, "password", PASSWORD))
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("already been used", "уже использована")).to_be_visible())
    await studio.shoot("door-reset")
    await studio.all(lambda viewer: viewer.player.page.goto(f"{stack.url}/#object={'0' * 64}"))
    await studio.all(lambda viewer: expect(viewer.button("Undo the change", "Отменить изменение")).to_be_visible())
    await studio.shoot("door-object")
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("already been undone", "уже отменено")).to_be_visible())
    await studio.shoot("door-object-late")


async def test_ways_into_an_account(make_stack: MakeStack, studio: Studio, sink: MailSink) -> None:
    stack = make_stack(SMTP_URL=sink.url)
    await studio.launch(stack.url, tolerated=REFUSED)
    await studio.all(lambda viewer: open_account(viewer.player.page))
    await studio.all(lambda viewer: viewer.button("Link an e-mail", "Привязать почту").click())
    await studio.all(lambda viewer: fill(viewer, "email", address(viewer)))
    await studio.all(lambda viewer: fill(viewer, "password", PASSWORD))
    await studio.shoot("account-link")
    await studio.in_turn(send)
    await studio.all(lambda viewer: expect(viewer.says("is on its way", "отправлено письмо")).to_be_visible())
    await studio.shoot("account-sent")

    async with httpx.AsyncClient(base_url=stack.url) as client:
        for viewer in studio.viewers:
            token = (await mailed(sink, address(viewer))).removeprefix("verify=")
            answer = await client.post("/api/v1/auth/verify", json={"token": token, "password": PASSWORD})
            answer.raise_for_status()
    await studio.all(lambda viewer: viewer.player.page.reload())
    await studio.all(lambda viewer: expect(viewer.button("Change the password", "Сменить пароль")).to_be_visible())
    await studio.shoot("account")
    await studio.all(lambda viewer: viewer.button("Change the password", "Сменить пароль").click())
    await studio.shoot("account-change")
    await studio.all(lambda viewer: viewer.button("Cancel", "Отменить").click())
    await studio.all(lambda viewer: viewer.button("Unlink Telegram", "Отвязать Telegram").click())
    await studio.shoot("account-unlink")
