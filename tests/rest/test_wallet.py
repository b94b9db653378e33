"""/wallet: linking a wallet by its proof, what /me shows of it, and unlinking."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chance_tap.settings import Settings
from gateway.rate_limits import Rate
from tests.rest.conftest import API, LogIn, Player, code_of
from tests.stand_ins.wallet import NETWORK_IDS, Wallet

DOMAIN = "game.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, ton_connect_domains=(DOMAIN,))


class Linker:
    """Links wallets as the page does."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def payload(self, player: Player) -> str:
        answer = await self.client.post(f"{API}/wallet/proof", headers=player.headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["expires_ms"] > time.time() * 1000
        payload: str = answer.json()["payload"]
        return payload

    def body(self, wallet: Wallet, payload: str, *, domain: str = DOMAIN, age_s: int = 1) -> dict[str, Any]:
        return {
            "address": wallet.address,
            "network": str(NETWORK_IDS[wallet.network]),
            "public_key": wallet.public_key,
            "state_init": wallet.state_init,
            "proof": wallet.proof(payload, domain=domain, timestamp=int(time.time()) - age_s),
        }

    async def put(self, player: Player, body: dict[str, Any]) -> httpx.Response:
        return await self.client.put(f"{API}/wallet", json=body, headers=player.headers)

    async def link(self, player: Player, wallet: Wallet) -> httpx.Response:
        return await self.put(player, self.body(wallet, await self.payload(player)))

    async def delete(self, player: Player) -> httpx.Response:
        return await self.client.delete(f"{API}/wallet", headers=player.headers)

    async def shown(self, player: Player) -> tuple[bool, str | None]:
        me = (await self.client.get(f"{API}/me", headers=player.headers)).json()
        return me["has_ton_wallet"], me["wallet"]


@pytest.fixture
def linker(client: httpx.AsyncClient) -> Linker:
    return Linker(client)


def field_of(response: httpx.Response) -> str:
    assert code_of(response) == (400, "invalid_request")
    return str(response.json()["details"]["fields"][0]["field"])


@pytest.mark.parametrize("version", ["v4r2", "v5r1"])
async def test_a_linked_wallet_is_there_on_every_entry(linker: Linker, log_in: LogIn, version: Any) -> None:
    wallet = Wallet(1, version)
    player = await log_in()
    assert await linker.shown(player) == (False, None)

    answer = await linker.link(player, wallet)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"wallet": wallet.address, "has_ton_wallet": True}
    assert await linker.shown(await log_in()) == (True, wallet.address)
    # Some wallets write the time as text.
    body = linker.body(wallet, await linker.payload(player))
    body["proof"]["timestamp"] = str(body["proof"]["timestamp"])
    assert (await linker.put(player, body)).status_code == 200


async def test_unlinking_keeps_the_history(
    linker: Linker, log_in: LogIn, execute: Callable[..., list[tuple[Any, ...]]]
) -> None:
    one, two = Wallet(1), Wallet(2)
    player = await log_in()
    await linker.link(player, one)
    await linker.link(player, two)
    assert await linker.shown(player) == (True, two.address)

    for _ in range(2):
        answer = await linker.delete(player)
        assert answer.json() == {"wallet": None, "has_ton_wallet": False}

    assert await linker.shown(player) == (False, None)
    kept = execute("SELECT address, unlinked_by FROM pay.wallets ORDER BY wallet_id")
    assert kept == [(one.address, "another"), (two.address, "player")]
    assert execute("SELECT has_ton_wallet FROM auth.users") == [(False,)]


async def test_a_wallet_belongs_to_one_account_at_a_time(linker: Linker, log_in: LogIn) -> None:
    wallet = Wallet(1)
    first, second = await log_in(1), await log_in(2)
    await linker.link(first, wallet)

    assert code_of(await linker.link(second, wallet)) == (409, "conflict")
    assert await linker.shown(second) == (False, None)

    await linker.delete(first)
    assert (await linker.link(second, wallet)).status_code == 200
    assert code_of(await linker.link(first, wallet)) == (409, "conflict")


async def test_a_payload_is_good_once_and_for_its_own_account(linker: Linker, log_in: LogIn) -> None:
    mine, other = await log_in(1), await log_in(2)
    wallet = Wallet(1)
    payload = await linker.payload(mine)

    assert field_of(await linker.put(other, linker.body(wallet, payload))) == "proof.payload"
    assert (await linker.put(mine, linker.body(wallet, payload))).status_code == 200
    assert field_of(await linker.put(mine, linker.body(wallet, payload))) == "proof.payload"
    # One that nobody gave out, and ones that could name another key.
    for made_up in ("00" * 32, "x", f"{payload}*", "../" * 20):
        assert field_of(await linker.put(mine, linker.body(wallet, made_up))) == "proof.payload"


async def test_a_payload_is_gone_after_a_proof_that_does_not_hold(linker: Linker, log_in: LogIn) -> None:
    player, wallet = await log_in(), Wallet(1)
    payload = await linker.payload(player)
    assert field_of(await linker.put(player, linker.body(wallet, payload, domain="evil.example"))) == "proof.domain"
    assert field_of(await linker.put(player, linker.body(wallet, payload))) == "proof.payload"
    assert await linker.shown(player) == (False, None)


async def test_proofs_that_do_not_hold(linker: Linker, log_in: LogIn) -> None:
    player, wallet, other = await log_in(), Wallet(1), Wallet(2)

    async def refused(**changes: Any) -> str:
        return field_of(await linker.put(player, linker.body(wallet, await linker.payload(player)) | changes))

    assert await refused(network="-3") == "network"
    assert await refused(public_key=other.public_key) == "proof"
    assert await refused(address=other.address) == "proof"
    assert await refused(state_init=other.state_init) == "proof"
    payload = await linker.payload(player)
    assert field_of(await linker.put(player, linker.body(wallet, payload, age_s=901))) == "proof.timestamp"
    payload = await linker.payload(player)
    assert field_of(await linker.put(player, linker.body(wallet, payload, age_s=-120))) == "proof.timestamp"
    assert await linker.shown(player) == (False, None)


@pytest.mark.parametrize(
    "change",
    [
        {"address": 5},
        {"network": -239},
        {"state_init": ""},
        {"state_init": "A" * 40_000},
        {"proof": {}},
        {"proof": {"timestamp": -1, "domain": {"lengthBytes": 1, "value": "x"}, "signature": "x", "payload": "x"}},
        {"proof": {"timestamp": "soon", "domain": {"lengthBytes": 1, "value": "x"}, "signature": "x", "payload": "x"}},
        {"proof": {"timestamp": 1, "domain": {"lengthBytes": 1, "value": ""}, "signature": "x", "payload": "x"}},
    ],
)
async def test_bodies_that_are_none(linker: Linker, log_in: LogIn, change: dict[str, Any]) -> None:
    player = await log_in()
    body = linker.body(Wallet(), await linker.payload(player)) | change
    assert code_of(await linker.put(player, body)) == (400, "invalid_request")


async def test_without_a_token_or_as_another(linker: Linker, log_in: LogIn, client: httpx.AsyncClient) -> None:
    player = await log_in()
    assert (await client.post(f"{API}/wallet/proof")).status_code == 401
    assert (await client.delete(f"{API}/wallet")).status_code == 401
    body = linker.body(Wallet(), await linker.payload(player)) | {"user_id": "999"}
    assert code_of(await linker.put(player, body)) == (403, "forbidden")


async def test_payloads_are_limited(app: Any, linker: Linker, client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    app.state.services.rates.proof = Rate(per_s=0.001, burst=3)
    codes = [(await client.post(f"{API}/wallet/proof", headers=player.headers)).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]


class TestOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, ton_connect_domains=())

    async def test_without_domains_no_wallet_is_linked(
        self, linker: Linker, log_in: LogIn, client: httpx.AsyncClient
    ) -> None:
        player = await log_in()
        answer = await client.post(f"{API}/wallet/proof", headers=player.headers)
        assert code_of(answer) == (403, "forbidden")
        assert code_of(await linker.put(player, linker.body(Wallet(), "00" * 32))) == (403, "forbidden")
        assert (await linker.delete(player)).status_code == 200
