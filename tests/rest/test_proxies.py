"""Whom a request comes from behind balancers: only what proxies of ours added is believed, by HTTP and by WebSocket."""

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.environment import load_settings
from chance_tap.settings import Settings, SettingsError
from gateway.app import build_app
from gateway.proxies import TrustedProxies
from persistence.redis.rate_limits import SharedRateLimit
from tests.rest.conftest import API, code_of

BALANCERS = ("10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # no proxy of ours: it may write what it likes
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "203.0.113.5, 198.51.100.9", "198.51.100.9"),  # the first one is the client's own word
        ("10.1.2.3", "127.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "203.0.113.5, 198.51.100.9, 10.9.9.9", "198.51.100.9"),
        ("10.1.2.3", "10.5.5.5", "10.5.5.5"),  # a client inside
        ("10.1.2.3", "203.0.113.5, nonsense", "10.1.2.3"),
        ("10.1.2.3", "203.0.113.5, nonsense, 10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", " , ", "10.1.2.3"),
        ("10.1.2.3", "198.51.100.9:4711", "198.51.100.9"),
        ("10.1.2.3", "[2001:db8:2::7]:4711", "2001:db8:2::7"),
        ("::ffff:10.1.2.3", "::ffff:198.51.100.9", "198.51.100.9"),
        ("2001:db8:1::9", "2001:db8:2::7", "2001:db8:2::7"),
        ("2001:db8:2::9", "2001:db8:3::7", "2001:db8:2::9"),
        ("10.1.2.3", "9" * 5000, "10.1.2.3"),
        ("", "198.51.100.9", ""),
    ],
)
def test_only_what_our_proxies_say_is_believed(peer: str, forwarded: str, expected: str) -> None:
    assert TrustedProxies(BALANCERS).client(peer, forwarded) == expected


def test_with_no_proxies_nobody_is_believed() -> None:
    assert TrustedProxies().client("127.0.0.1", "198.51.100.9") == "127.0.0.1"


def test_lines_of_the_header_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.5"), (b"accept", b"*/*"), (b"x-forwarded-for", b"198.51.100.9")]
    scope = {"type": "http", "client": ("10.1.2.3", 80), "headers": headers}
    assert TrustedProxies(BALANCERS).client_of(scope) == "198.51.100.9"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ("127.0.0.1", "::1")),
        ("none", ()),
        ("10.0.0.0/8", ("10.0.0.0/8",)),
        ("10.0.0.7,::1", ("10.0.0.7", "::1")),
    ],
)
def test_the_setting(written: str, read: tuple[str, ...]) -> None:
    assert load_settings({"TRUSTED_PROXIES": written}).trusted_proxies == read


@pytest.mark.parametrize("written", ["10.0.0.1/8", "10.0.0.256", "balancer", "*", "10.0.0.0/8,", "10.0.0.0/8 ,::1"])
def test_a_setting_that_names_nobody_stops_the_start(written: str) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        load_settings({"TRUSTED_PROXIES": written})


class TestLimits:
    """Tries at a password, from behind a balancer."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, trusted_proxies=("10.0.0.0/8",))

    @pytest.fixture(autouse=True)
    def two_tries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        few = SharedRateLimit("password-from", interval_s=3600, burst=2)
        monkeypatch.setattr("gateway.auth.throttle.WRONG_ADDRESS", few)

    async def tries(self, settings: Settings, peer: str, lists: list[str]) -> list[int]:
        """Statuses of wrong log-ins, each with its list of addresses."""
        app: Starlette = build_app(settings)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, client=(peer, 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                statuses = []
                for number, forwarded in enumerate(lists):
                    body = {"email": f"p{number}@example.com", "password": "wrong password"}
                    answer = await client.post(f"{API}/auth/login", json=body, headers={"x-forwarded-for": forwarded})
                    assert code_of(answer)[1] in ("bad_credentials", "rate_limited")
                    statuses.append(answer.status_code)
                return statuses

    async def test_each_client_of_a_balancer_has_its_own(self, settings: Settings) -> None:
        clients = ["198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.3"]
        assert await self.tries(settings, "10.0.0.5", clients) == [401, 401, 401, 401, 429, 401]

    async def test_nobody_gets_more_by_writing_addresses_before_the_balancers(self, settings: Settings) -> None:
        invented = [f"203.0.113.{n}, 198.51.100.1" for n in range(4)]
        assert await self.tries(settings, "10.0.0.5", invented) == [401, 401, 429, 429]

    async def test_nor_without_a_balancer(self, settings: Settings) -> None:
        invented = [f"203.0.113.{n}" for n in range(4)]
        assert await self.tries(settings, "192.0.2.1", invented) == [401, 401, 429, 429]
