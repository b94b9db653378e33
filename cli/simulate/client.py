"""One virtual player in one room: the WebSocket side of a game, from `enter` to the recorded result.

Owns what the protocol asks of a client: reconnecting with back-off, the clock, sequence numbers, sending unacknowledged
frames again, noticing gaps.  Never talks to a store and never trusts its own count: the result is what the server says.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import orjson

from cli.simulate.api import Account, Api, ApiError
from cli.simulate.outbox import Outbox
from cli.simulate.outcome import Outcome
from cli.simulate.rhythm import PERSON, Packer, Planned, Style
from cli.simulate.wire import ABNORMAL_CLOSE, Wire

RECONNECT_S = (0.2, 1.0, 2.0, 5.0)
FINAL_CLOSE = 4500
# The clock estimate stays behind the server's by this much more than the way of a message, so no stamp is ever ahead.
CLOCK_MARGIN_MS = 10.0
# A frame that goes out so long after its last tap shows that this process stood still.
STALE_MS = 700.0
_RESULT_WAIT_S = 3.0
_OVER = ("finished", "settled", "cancelled")


class SeatLost(Exception):
    """The game cannot be followed any more; the message says why."""


class Seat:
    """A player's presence in a room.  `run` returns when the result is recorded or the room was cancelled."""

    def __init__(
        self, api: Api, account: Account, room: dict[str, Any], rng: random.Random, style: Style | None = PERSON
    ) -> None:
        """`style` None: an organizer, who watches."""
        self.api = api
        self.account = account
        self.room = room
        self.outcome = Outcome(
            account.user_id, room["room_id"], room["stake"] if style else 0, organizes=not style, target=room["target"],
            style=style.name if style else "organizer",
        )  # fmt: skip
        self.players: set[str] = {player["user_id"] for player in room["players"]}
        self.state: str = room["state"]
        self._rng = rng
        self._style = style
        self._loop = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._sockets = 0
        self._held: list[bytes] = []
        self._closed: asyncio.Future[int] | None = None
        self._over = asyncio.Event()
        self._moved = asyncio.Event()
        self._recorded = asyncio.Event()
        self._ready = False
        self._asked = False
        self._offline = False
        self._stood_still = False
        self._back_online = asyncio.Event()
        self._epoch = ""
        self._version = -1
        self._offset_ms: float | None = None
        self._clock_fixed = False
        self._outbox: Outbox | None = None
        self._plan: Iterator[Planned] | None = None
        self._packer: Packer | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._next_frame: asyncio.Handle | None = None
        self._dropped_at: float | None = None
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "welcome": self._on_welcome, "snapshot": self._on_snapshot, "progress": self._on_progress,
            "player_joined": self._on_joined, "player_left": self._on_left, "countdown": self._on_countdown,
            "started": self._on_started, "blocked": self._on_blocked, "finished": self._on_finished,
            "settled": self._on_settled, "cancelled": self._on_cancelled, "balance": self._on_balance,
            "reaction": self._on_reaction, "error": self._on_error,
        }  # fmt: skip

    async def run(self) -> Outcome:
        """Follow the game to its recorded end.

        Raises:
            SeatLost: the server closed for good, or nothing about the result could be learnt.
        """
        try:
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(self._stay_connected())
                await self._result()
                keeper.cancel()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            self.stop()
            if self._wire is not None:
                await self._wire.gone()
        if self._packer is not None:
            self.outcome.taps_held = self._packer.held
        return self.outcome

    def stop(self) -> None:
        """Let go of the socket and every timer."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._next_frame is not None:
            self._next_frame.cancel()
        if self._wire is not None:
            self._wire.close()

    @property
    def is_ready(self) -> bool:
        """Whether a snapshot came on the socket that is open now."""
        return self._ready

    async def sees(self, wanted: Callable[[], bool], patience_s: float) -> bool:
        """Wait until what came in makes `wanted` true; False when it does not in time, or when all is over."""
        try:
            async with asyncio.timeout(patience_s):
                while not wanted() and not self._over.is_set():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            pass
        return wanted()

    def react(self, to: str) -> None:
        """Send a reaction; one that is sent while the socket is away is lost."""
        self.outcome.reactions_sent += 1
        self._send({"type": "reaction", "to": to})

    async def _result(self) -> None:
        """Wait for the end, then for its record; the frames about money are hints, so ask when they don't come."""
        await self._over.wait()
        for _ in range(40):
            try:
                async with asyncio.timeout(_RESULT_WAIT_S):
                    await self._recorded.wait()
                    return
            except TimeoutError:
                pass
            try:
                self._record_room(await self.api.room(self.account, self.outcome.room_id))
                if self.outcome.state == "cancelled":
                    me = await self.api.me(self.account)
                    if me["room_id"] is None:
                        self._on_balance(me)
            except ApiError as error:
                if error.code != "not_found":
                    continue
                self.outcome.state = "gone"
                return
        raise SeatLost(f"no result of room {self.outcome.room_id}")

    # Connection

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            self._closed = self._loop.create_future()
            try:
                headers = self._origin(self._sockets)
                self._sockets += 1
                self._wire = await Wire.open(self.api.socket_url, self._on_message, self._on_close, headers=headers)
                self._send({"type": "hello", "token": self.account.token})
                code = await self._closed
            except (OSError, TimeoutError):
                code = ABNORMAL_CLOSE
            if code == 4501:
                self.account.token = (await self.api.log_in(self.account.who)).token
            elif code >= FINAL_CLOSE:
                raise SeatLost(f"closed with {code}")
            if self._ready:
                failures = 0
                self.outcome.reconnects += 1
                self._dropped_at = self._loop.time()
            self._ready = False
            if self._offline:
                await self._back_online.wait()
            delay = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
            failures += 1
            await asyncio.sleep(delay * self._rng.uniform(0.8, 1.2))

    def _origin(self, socket: int) -> dict[str, str]:
        """Where the player's next socket comes from, as the proxy before a gateway would say it."""
        number = self.account.who.telegram_id
        style = self._style or PERSON
        device = style.devices[socket % len(style.devices)] if style.devices else f"phone {number}"
        host = crc32(style.household.encode()) if style.household else number
        return {
            "User-Agent": style.household or device,
            "X-Forwarded-For": f"10.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}",
        }

    def _on_close(self, code: int) -> None:
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(code)

    def _send(self, frame: dict[str, Any]) -> None:
        if self._wire is not None:
            self._wire.send(orjson.dumps(frame))

    def _enter(self) -> None:
        self._asked = True
        self._send({"type": "enter", "room_id": self.outcome.room_id})

    def _lose_network(self, for_s: float) -> None:
        """Cut the connection and stay away for `for_s`; taps go on meanwhile."""
        self._offline = True
        self._back_online.clear()
        if self._wire is not None:
            self._wire.abort()
        self._timers.append(self._loop.call_later(for_s, self._regain_network))

    def _regain_network(self) -> None:
        self._offline = False
        self._back_online.set()

    # Clock

    def _learn_clock(self, server_ms: int) -> None:
        sample = server_ms - self._loop.time() * 1000 - CLOCK_MARGIN_MS
        if not self._clock_fixed and (self._offset_ms is None or sample > self._offset_ms):
            self._offset_ms = sample

    def _local(self, server_ms: float) -> float:
        """The event loop's time at a moment of the server's clock."""
        assert self._offset_ms is not None
        return (server_ms - self._offset_ms) / 1000

    # Frames in

    def _on_message(self, payload: bytes) -> None:
        frame = orjson.loads(payload)
        handler = self._handlers.get(frame["type"])
        if handler is None:
            return
        if "epoch" in frame and frame["type"] != "snapshot" and not self._follows(frame):
            return
        handler(frame)
        self._moved.set()

    def _follows(self, event: dict[str, Any]) -> bool:
        """Whether a room event continues what is known; if not, the whole state is asked for."""
        if self._asked:
            return False
        version = event["version"]
        if event["epoch"] != self._epoch or version < self._version or event.get("since", version - 1) > self._version:
            self.outcome.gaps += 1
            self._enter()
            return False
        self._version = version
        return True

    def _on_welcome(self, frame: dict[str, Any]) -> None:
        self._learn_clock(frame["server_time_ms"])
        self._enter()

    def _on_snapshot(self, frame: dict[str, Any]) -> None:
        room = frame["room"]
        if room["room_id"] != self.outcome.room_id:
            return
        self._learn_clock(frame["server_time_ms"])
        self._asked = False
        self._stood_still = False
        self._ready = True
        self._epoch, self._version = frame["epoch"], room["version"]
        self.room = room
        self.state = room["state"]
        self.players = {player["user_id"] for player in room["players"]}
        if self._dropped_at is not None:
            self.outcome.reconnect_s.append(self._loop.time() - self._dropped_at)
            self._dropped_at = None
        own = next((player for player in room["players"] if player["user_id"] == self.account.user_id), None)
        if own is not None:
            self._send_again(own["seq"])
        self.outcome.blocked.update(p["user_id"] for p in room["players"] if p["state"] == "blocked")
        if self.state == "playing":
            self._begin(room["starts_ms"], room["ends_ms"])
        self._record_room(room)

    def _on_joined(self, frame: dict[str, Any]) -> None:
        self.players.add(frame["player"]["user_id"])

    def _on_left(self, frame: dict[str, Any]) -> None:
        self.players.discard(frame["user_id"])

    def _on_countdown(self, frame: dict[str, Any]) -> None:
        self.state = "countdown"
        self.room["starts_ms"] = frame["starts_ms"]

    def _on_started(self, frame: dict[str, Any]) -> None:
        self.state = "playing"
        self._begin(self.room["starts_ms"], frame["ends_ms"])

    def _on_progress(self, frame: dict[str, Any]) -> None:
        self.outcome.progress_seen += 1
        own = frame["taps"].get(self.account.user_id)
        if own is not None and self._outbox is not None:
            self.outcome.latencies_s += self._outbox.acknowledge(own[1], self._loop.time())

    def _on_blocked(self, frame: dict[str, Any]) -> None:
        self.outcome.blocked.add(frame["user_id"])

    def _on_finished(self, _frame: dict[str, Any]) -> None:
        self.state = "finished"
        self._over.set()

    def _on_cancelled(self, _frame: dict[str, Any]) -> None:
        self.state = self.outcome.state = "cancelled"
        self._over.set()

    def _on_settled(self, frame: dict[str, Any]) -> None:
        if frame["room_id"] == self.outcome.room_id:
            self.outcome.settled_frames += 1
            self._record(frame)

    def _on_balance(self, frame: dict[str, Any]) -> None:
        self.account.balance = frame["balance"]
        if self.outcome.state == "cancelled":
            self.outcome.balance = frame["balance"]
            self._recorded.set()

    def _on_reaction(self, _frame: dict[str, Any]) -> None:
        self.outcome.reactions_seen += 1

    def _on_error(self, frame: dict[str, Any]) -> None:
        code = str(frame["code"])
        self.outcome.refused[code] += 1
        if frame.get("for") == "taps" and self._outbox is not None and self._style is not None and self._style.hold_s:
            self.outcome.taps_refused += self._outbox.count_of(frame["seq"])
        if frame.get("for") == "enter":
            self._asked = False
            if code == "not_found":
                self._over.set()
            elif self._wire is not None:
                self._wire.abort()

    def _send_again(self, seq: int) -> None:
        if self._outbox is None:
            self._outbox = Outbox(self.account.user_id, seq)
            return
        again = self._outbox.lacking(seq, self._loop.time())
        self.outcome.frames_resent += len(again)
        if self._wire is not None:
            for payload in again:
                self._wire.send(payload)

    # Results

    def _record_room(self, room: dict[str, Any]) -> None:
        """Take over the end of the game from a room object, as one who comes back late must."""
        if room["state"] not in _OVER:
            return
        self.state = room["state"]
        self._over.set()
        if room["state"] == "cancelled":
            self.outcome.state = "cancelled"
        elif room["result"] is not None:
            self._record(room["result"])

    def _record(self, result: dict[str, Any]) -> None:
        outcome = self.outcome
        outcome.state = "settled"
        outcome.winner, outcome.prize, outcome.standings = result["winner"], result["prize"], result["standings"]
        outcome.payout, outcome.balance = result["payout"], result["balance"]
        self.account.balance = result["balance"]
        self.state = "settled"
        self._over.set()
        self._recorded.set()

    # Taps

    def _begin(self, starts_ms: int, ends_ms: int) -> None:
        """Start tapping, once; the clock is fixed from here on."""
        if self._plan is not None or self._offset_ms is None:
            return
        self._clock_fixed = True
        self.outcome.starts_ms, self.outcome.ends_ms = starts_ms, ends_ms
        if self._style is None:
            return
        style, now_ms = self._style, self._loop.time() * 1000 + self._offset_ms
        moments = style.taps(max(float(starts_ms), now_ms), self._rng)
        self._packer = Packer(
            moments, starts_ms, ends_ms, self._rng, style.timer_jitter_ms, style.obeys, style.frame_ms
        )
        self._plan = self._packer.frames()
        for at_s, for_s in style.outages:
            self._timers.append(self._loop.call_at(self._local(starts_ms) + at_s, self._lose_network, for_s))
        if style.change_device_s:
            change = self._local(starts_ms) + style.change_device_s
            self._timers.append(self._loop.call_at(change, self._lose_network, 0.0))
        self._schedule()

    def _schedule(self) -> None:
        assert self._plan is not None
        planned = next(self._plan, None)
        if planned is not None:
            self._next_frame = self._loop.call_at(self._local(planned.send_ms), self._flush, planned)

    def _flush(self, planned: Planned) -> None:
        outbox, wire = self._outbox, self._wire
        if outbox is None or self.account.user_id in self.outcome.blocked or self.state != "playing":
            return
        online = self._ready and not self._offline and not self._is_behind(planned)
        style = self._style or PERSON
        stamp_ms = style.stamp(planned.stamp_ms, self.outcome.starts_ms)
        payload = outbox.add(planned.count, stamp_ms, self._loop.time(), online=online)
        self.outcome.taps_sent += planned.count
        self.outcome.frames_sent += 1
        if style.hold_s:
            self._hold(payload, style.hold_s)
        elif online and wire is not None:
            wire.send(payload)
        self._schedule()

    def _is_behind(self, planned: Planned) -> bool:
        """Whether frames have to wait for a snapshot.  While this process stood still it answered no ping either, and
        answers them all before its next frame: without a snapshot that frame would be one that was held back."""
        late_ms = (self._loop.time() - self._local(planned.send_ms)) * 1000
        if late_ms > STALE_MS and self._ready and not self._offline and not self._stood_still:
            self._stood_still = True
            self._enter()
        return self._stood_still

    def _hold(self, payload: bytes, for_s: float) -> None:
        """Keep a frame back; the first one of a while lets all of them go, at the end of the game at the latest."""
        if not self._held:
            due = min(self._loop.time() + for_s, self._local(self.outcome.ends_ms) + 0.2)
            self._timers.append(self._loop.call_at(due, self._let_go))
        self._held.append(payload)

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if self._ready and self._wire is not None:
            for payload in held:
                self._wire.send(payload)
