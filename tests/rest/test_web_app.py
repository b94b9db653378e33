"""The web app's files: found, kept as long as they may be, with the same headers from the gateway as from Pages."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gateway.web_app import WebApp

HEADERS = Path(__file__).parents[2] / "webapp" / "public" / "_headers"
FILES = ("index.html", "404.html", "icon.svg", "icon-180.png", "icon-512.png", "icon.png", "assets/app-abc123.js")
DAY = "public, max-age=86400"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build with the real rules and files that only look like real ones."""
    folder = tmp_path / "dist"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("<!doctype html>")
    (folder / "_headers").write_text(HEADERS.read_text())
    (tmp_path / "secret").write_text("no")
    return folder


@pytest.fixture
def open_client() -> Callable[[Path], httpx.AsyncClient]:
    return lambda build: httpx.AsyncClient(transport=httpx.ASGITransport(WebApp(build)), base_url="http://test")


def pages_headers(path: str) -> dict[str, str]:
    """What Cloudflare Pages makes of the file for this path, by its documentation: every rule that fits, in order, the
    values of a header that comes twice joined."""
    found: dict[str, str] = {}
    fits = False
    for line in HEADERS.read_text().splitlines():
        if line.startswith("/"):
            beginning, star, rest = line.partition("*")
            assert not rest
            fits = path.startswith(beginning) if star else path == line
        elif fits and line.strip() and not line.strip().startswith("#"):
            name, value = line.strip().split(": ", 1)
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return found


@pytest.mark.parametrize("name", FILES)
async def test_the_gateway_sends_what_pages_would(
    build: Path, open_client: Callable[[Path], httpx.AsyncClient], name: str
) -> None:
    path = "/" if name == "index.html" else f"/{name}"
    async with open_client(build) as client:
        sent = (await client.get(path)).headers
    expected = pages_headers(path)
    assert {header: sent.get(header) for header in expected} == expected
    assert len(HEADERS.read_text().splitlines()) < 100  # of which Pages reads 100 rules of 2,000 characters
    assert max(map(len, HEADERS.read_text().splitlines())) < 2000


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        ("/", "public, max-age=0, s-maxage=300, must-revalidate"),
        ("/index.html", "public, max-age=0, s-maxage=300, must-revalidate"),
        ("/assets/app-abc123.js", "public, max-age=31536000, immutable"),
        ("/icon.svg", DAY),
        ("/icon-512.png", DAY),
    ],
)
async def test_how_long_each_file_is_kept(
    build: Path, open_client: Callable[[Path], httpx.AsyncClient], path: str, cached: str
) -> None:
    async with open_client(build) as client:
        assert (await client.get(path)).headers["cache-control"] == cached


def test_every_public_file_has_a_rule_of_its_own() -> None:
    for file in HEADERS.parent.iterdir():
        if file.name not in ("_headers", "404.html"):
            assert "cache-control" in pages_headers(f"/{file.name}"), file.name


async def test_the_page_is_guarded(build: Path, open_client: Callable[[Path], httpx.AsyncClient]) -> None:
    async with open_client(build) as client:
        page = await client.get("/")
        policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
        assert page.headers["vary"] == "Accept-Language, Authorization"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/", headers={"if-none-match": page.headers["etag"]})).status_code == 304
    # Scripts come from nowhere else; the wallets' bridges and list, Telegram Web's frame and photos are let in.
    assert policy["script-src"] == "'self'"
    assert "https:" in policy["connect-src"]
    assert "https:" in policy["img-src"]
    assert "https://web.telegram.org" in policy["frame-ancestors"]


async def test_nothing_else_is_found(build: Path, open_client: Callable[[Path], httpx.AsyncClient]) -> None:
    async with open_client(build) as client:
        for path in ("/%2e%2e/secret", "/..%2fsecret", "/assets", "/x", "/%00", "/" + "x" * 5000, "/_headers"):
            assert (await client.get(path)).json()["code"] == "not_found", path


async def test_without_a_build_the_page_says_so(
    tmp_path: Path, open_client: Callable[[Path], httpx.AsyncClient]
) -> None:
    async with open_client(tmp_path) as client:
        page = await client.get("/")
    assert page.status_code == 503
    assert "make play" in page.text


def test_a_line_that_is_no_rule_stops_the_start(build: Path) -> None:
    (build / "_headers").write_text("/*\n  nonsense\n")
    with pytest.raises(ValueError, match="neither a path nor a header: nonsense"):
        WebApp(build)


async def test_assets_are_compressed_for_who_takes_them_so(
    build: Path, open_client: Callable[[Path], httpx.AsyncClient]
) -> None:
    script = "/assets/app-abc123.js"
    content = "let taps = 0;" * 1000
    (build / script[1:]).write_text(content)
    async with open_client(build) as client:
        for _ in range(2):
            small = await client.get(script, headers={"accept-encoding": "br, gzip"})
            assert small.text == content
            assert int(small.headers["content-length"]) < len(content) / 10
            assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "accept-encoding")
        plain = await client.get(script, headers={"accept-encoding": "identity"})
        assert plain.text == content
        assert "content-encoding" not in plain.headers
        assert plain.headers["vary"] == "accept-encoding"
        part = await client.get(script, headers={"range": "bytes=0-3"})
        assert (part.status_code, part.text) == (206, "let ")
        again = await client.get(script, headers={"if-none-match": small.headers["etag"]})
        assert (again.status_code, again.text) == (304, "")
        await client.head(script)
