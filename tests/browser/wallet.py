"""A TON wallet beside a page: it says yes or no, signs with real keys, and what it sends goes to the chain's stand-in.

The list of wallets that the app fetches is ours too: nothing in a test leaves this machine.
"""

import json
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route

from persistence.ton.address import normalise
from persistence.ton.messages import comment_of_body
from tests.stand_ins.ton import TonNetwork
from tests.stand_ins.wallet import Wallet

IN_PAGE = (Path(__file__).parent / "wallet.js").read_text()
LIST = "https://config.ton.org/wallets-v2.json"
ICON = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="99" height="99" fill="#45aef5"/></svg>'
NAMES = ("Testkeeper", "Phone Wallet", "Кошелёк", "A Wallet With A Long Name", "Hub", "Safe", "Bit", "Open")


class WalletInPage:
    """`is_willing`: what its owner says to the next question, None for nothing yet; `asked`: every question so far."""

    def __init__(self, wallet: Wallet, ton: TonNetwork, domain: str) -> None:
        self.wallet = wallet
        self.is_willing: bool | None = True
        self.asked: list[tuple[str, Any]] = []
        self._ton = ton
        self._domain = domain

    @classmethod
    async def beside(cls, page: Page, wallet: Wallet, ton: TonNetwork, domain: str) -> "WalletInPage":
        made = cls(wallet, ton, domain)
        await page.expose_binding("walletIsAsked", made._answer)
        await page.add_init_script(f"({IN_PAGE})({json.dumps({'key': 'testkeeper', 'appName': 'testkeeper'})});")
        await page.route(LIST, _list)
        await page.route("https://wallets.example/*", _icon)
        return made

    def _answer(self, _source: object, method: str, request: Any) -> Any:
        self.asked.append((method, request))
        if self.is_willing is None:
            return "undecided"
        if not self.is_willing:
            return None
        match method:
            case "connect":
                items: list[dict[str, Any]] = [self.wallet.account()]
                for item in request["items"]:
                    if item["name"] == "ton_proof":
                        proof = self.wallet.proof(item["payload"], domain=self._domain, timestamp=int(time.time()))
                        items.append({"name": "ton_proof", "proof": proof})
                return {"items": items}
            case "restore":
                return {"items": [self.wallet.account()]}
            case "sendTransaction":
                (message,) = request["messages"]
                self._send(message)
                return "te6cckEBAQEAAgAAAEysuc0="
        raise AssertionError(f"a wallet is not asked {method}")

    def _send(self, message: dict[str, str]) -> None:
        """As a wallet does it: the address in whatever form, the body as it is."""
        comment = comment_of_body(message["payload"])
        self._ton.send(normalise(message["address"]), int(message["amount"]), comment, source=self.wallet.address)


async def _list(route: Route) -> None:
    wallets = [
        {
            "app_name": "testkeeper" if index == 0 else f"wallet{index}",
            "name": name,
            "image": f"https://wallets.example/{index}",
            "about_url": "https://wallets.example",
            "universal_url": f"https://wallets.example/{index}/connect",
            "bridge": [{"type": "sse", "url": "https://wallets.example/bridge"}]
            + ([{"type": "js", "key": "testkeeper"}] if index == 0 else []),
            "platforms": ["ios", "android", "chrome"],
            "features": [{"name": "SendTransaction", "maxMessages": 4}],
        }
        for index, name in enumerate(NAMES)
    ]
    await route.fulfill(json=wallets, headers={"access-control-allow-origin": "*"})


async def _icon(route: Route) -> None:
    await route.fulfill(body=ICON, content_type="image/svg+xml")
