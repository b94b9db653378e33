"""The figures as a table for people, beside what they are meant to be."""

from collections.abc import Iterator
from typing import Any

_HEAD = """# Performance

Measured with `make bench` on the real stack: gateway and worker started by the product's own commands, Valkey with its
append-only file, Postgres with fsync on, tokens, sequence numbers and cheat rules in force. The server under test has
one core; Valkey, the worker and the load generator share another; Postgres is not pinned. The C floor and the Node
peer (`ws` + `ioredis`, batched the same way) were measured in turn with the gateway in the same run, since machines
drift: only the ratios compare between machines.

A player sends one taps frame every 200 ms, ten players a room; everybody in the room gets the progress every 100 ms.
Latency is from sending a frame to receiving the progress that counts it; up to 100 ms of it is waiting for the batch.
"""


def markdown(figures: dict[str, Any]) -> str:
    """The whole of docs/performance.md."""
    machine = figures["machine"]
    lines = [
        _HEAD,
        f"{machine['date']}, {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"Linux {machine['kernel']}, Python {machine['python']}, load average {machine['load_before']} before the run"
        + (" (quick run: short series)" if figures["quick"] else "")
        + ".",
        "",
        "| figure | measured | needed | goal |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in _rows(figures)]
    if figures["failed"]:
        lines += ["", "Not measured, because it failed: " + ", ".join(figures["failed"]) + "."]
    if taps := figures.get("taps"):
        lines += ["", f"## CPU a frame, {taps['players']} players, medians of {taps['rounds']} alternating rounds", ""]
        lines += [
            "| server | us a frame | frames/s | sent/s | p50 ms | p99 ms | Redis us a frame |",
            "|---|---|---|---|---|---|",
        ]
        for name, run in taps["medians"].items():
            redis = "-" if name == "floor" else f"{run['redis_us']:.1f}"
            lines.append(
                f"| {name} | {run['server_us']:.1f} | {run['frames_per_s']:.0f} | {run['out_per_s']:.0f} "
                f"| {run['p50_ms']:.0f} | {run['p99_ms']:.0f} | {redis} |"
            )
    if most := figures.get("most_players"):
        lines += ["", "## One gateway core, more and more players", ""]
        lines += ["| players | frames/s | p50 ms | p95 ms | p99 ms | gateway core | Redis | load |", "|" + "---|" * 8]
        lines += [
            f"| {run['players']} | {run['frames_per_s']:.0f} | {run['p50_ms']:.0f} | {run['p95_ms']:.0f} "
            f"| {run['p99_ms']:.0f} | {run['server_share']:.0%} | {run['redis_share']:.0%} | {run['load_share']:.0%} |"
            for run in most["tried"]
        ]
    return "\n".join(lines) + "\n"


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    if taps := figures.get("taps"):
        yield "CPU a frame against the C floor", f"{taps['ratios']['floor']:.2f}x", "<= 2x", "<= 1.5x"
        yield "CPU a frame against Node ws, batched", f"{taps['ratios']['node']:.2f}x", "<= 0.8x", "<= 0.6x"
        yield "Redis CPU a frame", f"{taps['medians']['gateway']['redis_us']:.1f} us", "-", "<= 12 us"
    if most := figures.get("most_players"):
        best = most["best"]
        measured = f"{best['players']} (p99 {best['p99_ms']:.0f} ms)" if best else "none of those tried"
        yield "players of one gateway core at p99 < 200 ms", measured, ">= 5,000", ">= 7,000"
    if idle := figures.get("idle"):
        yield "memory an idle connection", f"{idle['idle']['kib_per_connection']:.1f} KiB", "<= 4 KiB", "<= 4 KiB"
        yield "the same, following a room", f"{idle['seated']['kib_per_connection']:.1f} KiB", "-", "-"
    if joins := figures.get("joins"):
        yield "paid joins/s through one gateway core", f"{joins['joins_per_s']:.0f}", ">= 1,200", ">= 1,200"
        yield "their p95", f"{joins['p95_ms']:.0f} ms", "-", "< 100 ms"
        yield (
            "joins/s to pgbench -N of the same rounds",
            f"{joins['to_pgbench']:.2f} ({joins['pgbench_per_s']:.0f}/s)",
            "-",
            ">= 0.15",
        )
    if both := figures.get("joins_while_tapping"):
        tapping = both["taps"]["players"]
        p95 = f"{both['joins']['p95_ms']:.0f} ms"
        yield f"join p95 while {tapping} players tap", p95, "-", "< 150 ms"
    if settled := figures.get("settlements"):
        yield "rooms settled/s by one worker", f"{settled['rooms_per_s']}", ">= 500", ">= 500"
