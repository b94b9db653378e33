"""Lighthouse on Home, on its phone profile (a mid-range phone's processor and a slow 4G line, simulated).

Lighthouse is a big package and used nowhere else, so it is not in the lock: npm fetches this version when it is asked.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import executable
from tests.browser.telegram import TelegramClient
from tests.fixtures.stack import Stack

LIGHTHOUSE = "lighthouse@13.5.0"
PROJECT = Path(__file__).parents[3]
REPORT = PROJECT / "build" / "lighthouse.json"
TIMES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
    "speed-index",
)
WITHIN_S = 240


async def audit(url: str) -> dict[str, Any]:
    flags = (
        "--quiet",
        "--output=json",
        f"--output-path={REPORT}",
        "--only-categories=performance,accessibility,best-practices",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    )
    environment = os.environ | {"CHROME_PATH": executable()}
    lighthouse = await asyncio.create_subprocess_exec(
        str(PROJECT / ".ci" / "npm"), "exec", "--yes", f"--package={LIGHTHOUSE}", "--", "lighthouse", url, *flags,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(WITHIN_S):
        said, _ = await lighthouse.communicate()
    assert lighthouse.returncode == 0, said.decode()
    report: dict[str, Any] = json.loads(REPORT.read_bytes())
    return report


async def test_the_first_load(make_stack: Callable[..., Stack], capfd: pytest.CaptureFixture[str]) -> None:
    stack = make_stack()
    report = await audit(TelegramClient().address(stack.url))
    with capfd.disabled():
        for name, category in report["categories"].items():
            print(f"| {name} | {round(category['score'] * 100)} |")
        for name in TIMES:
            print(f"| {name} | {report['audits'][name]['displayValue']} |")
        for name, found in report["audits"].items():
            if found["score"] is not None and found["score"] < 1 and found["scoreDisplayMode"] == "binary":
                print(f"failed: {name}: {found['title']}", file=sys.stderr)
