"""Metrics: a port of their own, one text for all readers, and no more series than were planned for."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from types import ModuleType

import httpx
import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from bot import throttle, updates
from chance_tap.settings import Settings, SettingsError
from chance_tap.telemetry import metrics
from chance_tap.telemetry.metrics import Exposition, serve_metrics
from gateway import metrics as rest_metrics
from gateway.app import ENDPOINTS
from gateway.live import metrics as live_metrics
from gateway.rest.endpoint import Resource
from persistence.accounts import login_retry
from persistence.errors import ErrorCode
from persistence.payments import stars
from workers import metrics as worker_metrics

MOST_SERIES = 500


@pytest.fixture
def busy() -> CollectorRegistry:
    registry = CollectorRegistry()
    requests = Counter("requests", 'With a "quote" and a \\ in it.', ("path", "code"), registry=registry)
    for number in range(100):
        requests.labels(f"/a/{number}\n\\", '"').inc(number)
    duration = Histogram("duration_seconds", "A histogram\nof two lines.", ("area",), registry=registry)
    for number in range(9):
        duration.labels(str(number)).observe(number)
    Gauge("empty", "Without a child.", ("area",), registry=registry)
    Gauge("plain", "Without labels.", registry=registry).set(0.1)
    return registry


async def test_the_text_is_what_prometheus_client_writes(busy: CollectorRegistry) -> None:
    assert await Exposition(busy).text() == generate_latest(busy)


async def test_the_loop_works_between_slices(busy: CollectorRegistry) -> None:
    turns = 0
    asked = asyncio.create_task(Exposition(busy).text())
    while not asked.done():
        turns += 1
        await asyncio.sleep(0)
    samples = sum(len(metric.samples) for metric in busy.collect())
    assert turns > samples / metrics._SAMPLES_A_SLICE


async def test_all_readers_of_a_second_get_one_text(busy: CollectorRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    collect = busy.collect

    def counted() -> object:
        nonlocal looks
        looks += 1
        return collect()

    monkeypatch.setattr(busy, "collect", counted)
    exposition = Exposition(busy)
    first = await asyncio.gather(*(exposition.text() for _ in range(50)))
    assert all(text is first[0] for text in [*first, await exposition.text()])
    assert looks == 1
    monkeypatch.setattr(metrics, "KEEP_S", 0.0)
    await exposition.text()
    assert looks == 2


async def test_a_reader_that_leaves_takes_the_text_from_nobody(busy: CollectorRegistry) -> None:
    exposition = Exposition(busy)
    leaver, stayer = asyncio.create_task(exposition.text()), asyncio.create_task(exposition.text())
    await asyncio.sleep(0)
    leaver.cancel()
    assert b"plain 0.1" in await stayer


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        wanted = free.getsockname()[1]
    async with serve_metrics(replace(Settings(), metrics_port=wanted), "worker") as served:
        assert served == wanted
        yield served


async def test_over_the_wire(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = await asyncio.gather(*(client.get("/metrics") for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].headers["content-type"].startswith("text/plain; version=")
        assert "chance_tap_dead_letters_total" in answers[0].text
        assert "_created" not in answers[0].text
        head = await client.head("/metrics")
        assert (head.status_code, head.content) == (200, b"")
        for method, path in (("GET", "/"), ("POST", "/metrics"), ("GET", "/healthz")):
            assert (await client.request(method, path)).status_code == 404


async def test_who_says_nothing_or_reads_nothing_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "READER_TIME_S", 0.05)
    for request in (b"", b"GET /metrics HTTP/1.1\r\nhost: x\r\n", b"\r\n\r\n", b"x" * metrics.MAX_HEAD_BYTES + b"x"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = await asyncio.wait_for(reader.read(), 10)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 404 ")
        writer.close()


async def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        wanted = replace(Settings(), metrics_port=taken)
        async with serve_metrics(wanted, "gateway") as other:
            assert other != taken
        with pytest.raises(SettingsError, match=f"METRICS_PORT is {taken}: it cannot be used"):
            async with serve_metrics(replace(wanted, env="production"), "gateway"):
                pass
    with pytest.raises(SettingsError, match=r"METRICS_HOST is 192\.0\.2\.1"):
        async with serve_metrics(replace(Settings(), metrics_host="192.0.2.1"), "gateway"):
            pass


async def test_several_of_a_kind_on_one_machine_need_no_setting() -> None:
    settings = replace(Settings(), env="production")
    async with serve_metrics(settings, "gateway") as first, serve_metrics(settings, "gateway") as second:
        assert first != second


def series(module: ModuleType, children: Mapping[str, int]) -> int:
    """How many series a module's metrics can come to; a label that is not named has at most eight values."""
    total = 0
    for metric in vars(module).values():
        if isinstance(metric, MetricWrapperBase):
            each = len(metric._upper_bounds) + 2 if isinstance(metric, Histogram) else 1
            total += each * (children.get(metric._name, 8) if metric._labelnames else 1)
    return total


def test_no_process_can_have_more_series_than_planned() -> None:
    """Every operation answered in every way it can, every code, loop and outcome met."""
    areas = {Resource([endpoint]).area for endpoint in ENDPOINTS}
    gateway = {
        "chance_tap_http_request_duration_seconds": len(areas),
        "chance_tap_http_requests": 3 * len(ENDPOINTS) + 1,
        "chance_tap_ws_refusals": len(ErrorCode),
    }
    shared = sum(series(module, {}) for module in (stars, login_retry, updates, throttle))
    of_python = sum(len(metric.samples) for metric in REGISTRY.collect() if not metric.name.startswith("chance_tap_"))
    assert of_python >= 10
    assert sum(series(module, gateway) for module in (rest_metrics, live_metrics)) + shared + of_python <= MOST_SERIES
    loops = {"chance_tap_worker_loop_failures": 40}
    assert 60 < series(worker_metrics, loops) + shared + of_python <= MOST_SERIES
