"""The copy of the wallets that are offered, held against a list as TON Connect publishes it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import wallet_apps
from cli.commands import wallet_apps as command
from cli.main import main
from tests.fixtures.web import serve_bytes

Entry = dict[str, Any]


def entry(app: wallet_apps.WalletApp, **more: Any) -> Entry:
    bridges = [{"type": "js", "key": app.app_name}, {"type": "sse", "url": app.bridge_url}]
    return {"app_name": app.app_name, "name": app.name, "universal_url": app.universal_url, "bridge": bridges} | more


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the copy."""
    path = tmp_path / "wallet_apps.json"
    shutil.copy(wallet_apps.PATH, path)
    for function in (wallet_apps.read, wallet_apps.write):
        monkeypatch.setattr(function, "__defaults__", (path,))
    return path


@pytest.fixture
def compare(copy: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """The command's exit code and answer, with this as the published list."""

    def compare(published: bytes, *more: str) -> tuple[int, dict[str, Any]]:
        with serve_bytes(published) as url:
            code = main(["wallet-apps", "--json", "--url", url, *more])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else {}

    return compare


OURS = wallet_apps.read().wallets
OTHERS: list[Any] = [{}, None, 7, {"app_name": "x", "name": "X", "bridge": [{"type": "js", "key": "x"}]}]


def test_the_copy_is_fit_to_be_offered_and_says_where_it_is_from() -> None:
    copy = wallet_apps.read()
    assert copy.source.startswith("https://")
    assert len(copy.as_of) == len("2025-01-01")
    listed = json.dumps([entry(app) for app in copy.wallets]).encode()
    assert wallet_apps.parse(listed) == {app.app_name: app for app in copy.wallets}


def test_a_copy_that_is_the_list_s(compare: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    code, answer = compare(json.dumps(OTHERS + [entry(app) for app in OURS]).encode())
    assert (code, set(answer["differences"])) == (0, {app.app_name for app in OURS})
    assert not any(answer["differences"].values())


def test_what_has_changed_is_shown_and_taken_over_only_when_asked(
    compare: Callable[..., tuple[int, dict[str, Any]]], copy: Path
) -> None:
    first, *rest = OURS
    moved = entry(first, universal_url="https://new.example/connect")
    published = json.dumps([moved, *(entry(app) for app in rest)]).encode()
    before = copy.read_bytes()
    code, answer = compare(published)
    assert code == 1
    assert answer["differences"][first.app_name] == [
        f"universal_url is https://new.example/connect, here {first.universal_url}"
    ]
    assert copy.read_bytes() == before
    assert compare(published, "--update")[0] == 0
    assert wallet_apps.read().wallets[0].universal_url == "https://new.example/connect"
    assert wallet_apps.read().wallets[1:] == tuple(rest)
    assert compare(published)[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"universal_url": "http://new.example"},
        {"universal_url": "javascript:alert(1)"},
        {"universal_url": "https://user@evil.example/"},
        {"bridge": [{"type": "sse", "url": "http://new.example"}]},
        {"bridge": None},
        {"name": ""},
        {"name": "x" * 300},
        {"app_name": "renamed"},
    ],
)
def test_what_is_unfit_or_gone_is_never_taken_over(
    compare: Callable[..., tuple[int, dict[str, Any]]], copy: Path, change: Entry
) -> None:
    first, *rest = OURS
    before = copy.read_bytes()
    published = json.dumps([entry(first, **change), *(entry(app) for app in rest)]).encode()
    code, answer = compare(published, "--update")
    assert (code, copy.read_bytes()) == (1, before)
    assert answer["differences"][first.app_name] == ["no longer published, or not for chats"]


def test_a_list_that_cannot_be_read(
    compare: Callable[..., tuple[int, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare(b"<html>") == (2, {})
    assert compare(b"{}") == (2, {})
    assert main(["wallet-apps", "--url", "http://127.0.0.1:1/"]) == 2
    assert main(["wallet-apps", "--url", "no address"]) == 2
    monkeypatch.setattr(command, "MAX_BYTES", 10)
    assert compare(json.dumps([entry(app) for app in OURS]).encode()) == (2, {})
