"""The game once more, from its frames: every rule of the tap path, the counts, the order and the winner.

A game is held to the rules of its day, which the format of its record names.  Written from the rules and not from the
scripts that apply them, so that one checks the other; only the limits are held equal to those of
`lua/includes/tap_rules.lua`, by a test.  Knows nothing of hashes.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from persistence.records.document import FORMAT, Format, Frame, PlayerFrames, Record, SeenLine
from persistence.records.findings import Finding

WINDOW_MS: Final = 2_000
WINDOW_TAPS: Final = 50
GRACE_MS: Final = 1_000
OLDEST_MS: Final = 12_000
BURST_TAPS: Final = 50
MS_A_TAP: Final = 40
AWAY_MS: Final = 18_000
AWAY_FRAME_MS: Final = 1_000
AWAY_TAPS: Final = 7
AWAY_FEW: Final = 12
AWAY_UNSURE_MS: Final = 5_000
AWAY_TIRED: Final = 10
KNOWN_MS: Final = 30_000
MS_A_SLOW_TAP: Final = 250
PROMPT_MS: Final = 2_000
MOST_FRAME_TAPS: Final[dict[Format, int]] = {"chance-tap-record/1": 50, "chance-tap-record/2": 20}


@dataclass(slots=True)
class Count:
    """One player on the way through a game of `length_ms`; `reached` is the number of the last frame by which the taps
    became more.

    `prompt` taps count at once.  Of those `claimed` for absences, which covered `away_ms`, those count (`credited`)
    that the player's own rate makes likely, the rate being that of the rest of the time; the others wait until it does.
    Hands tire, so in `weighed_ms` a moment at the start is worth `AWAY_TIRED` hundredths more, at the end so many less.
    The rate is that of `KNOWN_MS` at least, where the game has as much more, so that nobody is believed for the luck of
    a few seconds.
    """

    length_ms: int
    prompt: int = 0
    claimed: int = 0
    credited: int = 0
    away_ms: int = 0
    weighed_ms: int = 0
    best: int = 0
    reached: int = 0
    last_ms: int = 0
    fastest_ms: int = PROMPT_MS
    present_ms: int = 0
    in_window: int = 0
    window: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, frame: Frame) -> None:
        """Count a frame; the window is (stamp - 2000, stamp], exact to the millisecond."""
        while self.window and self.window[0][0] <= frame.stamp_ms - WINDOW_MS:
            self.in_window -= self.window.popleft()[1]
        self.window.append((frame.stamp_ms, frame.taps))
        self.in_window += frame.taps
        self.best = max(self.best, self.in_window)
        before = self.taps
        if frame.away:
            self.claimed += frame.taps
            covered_ms = self.covered_ms(frame)
            self.away_ms += covered_ms
            hundredths = (100 + AWAY_TIRED) * self.length_ms - 2 * AWAY_TIRED * frame.stamp_ms
            self.weighed_ms += covered_ms * hundredths // (100 * self.length_ms)
        else:
            self.prompt += frame.taps
            self.fastest_ms = min(self.fastest_ms, frame.at_ms - frame.stamp_ms)
            self.present_ms = min(frame.at_ms, frame.stamp_ms + PROMPT_MS) - self.fastest_ms
        self.last_ms = frame.stamp_ms
        if self.credited < self.claimed:
            self.credited = max(self.credited, min(self.claimed, self._likely(frame.at_ms)))
        if self.taps > before:
            self.reached = frame.n

    @property
    def taps(self) -> int:
        """What counts."""
        return self.prompt + self.credited

    def covered_ms(self, frame: Frame) -> int:
        """How much of an absence this frame is of: since the last one, but no long pause.

        Stamps may lie back a second and a half: until the last frame of the present came, less the player's fastest
        way, nobody was away.  It came within `PROMPT_MS`, or it would be late, however long a store kept it waiting.
        """
        return max(0, min(frame.stamp_ms - max(self.last_ms, self.present_ms), AWAY_FRAME_MS))

    def _likely(self, at_ms: int) -> int:
        """How many taps the absences may have held, by what is known of the player at this moment of the game."""
        here_ms = min(at_ms, self.length_ms) - self.away_ms
        missing_ms = max(0, min(KNOWN_MS, self.length_ms - KNOWN_MS) - here_ms)
        known_ms = here_ms + missing_ms
        own = self.away_ms // MS_A_TAP
        if known_ms > 0:
            own = min(own, (self.prompt + missing_ms // MS_A_SLOW_TAP) * self.weighed_ms // known_ms)
        unsure = own * min(self.away_ms, AWAY_UNSURE_MS) // (3 * self.away_ms) if self.away_ms else 0
        return own + max(unsure + AWAY_TAPS, AWAY_FEW)


def counted(frames: Iterable[Frame], length_ms: int) -> int:
    """What one player's frames come to in a game of `length_ms`."""
    count = Count(length_ms)
    for frame in frames:
        count.add(frame)
    return count.taps


def in_order(record: Record) -> list[tuple[Frame, int, int]]:
    """All frames in the order of application, each with the place of its player and its own place in the record."""
    return sorted(
        (
            (frame, place, number)
            for place, player in enumerate(record.players)
            for number, frame in enumerate(player.frames)
        ),
        key=lambda item: item[0].n,
    )


def check_game(record: Record) -> Iterator[Finding]:
    """Everything about the course of the game that the rules do not allow or that does not follow from the frames."""
    yield from _check_terms(record)
    length_ms = record.room.ends_ms - record.room.starts_ms
    counts = {player.index: Count(length_ms) for player in record.players}
    if record.log == "complete":
        yield from _check_frames(record, counts)
        yield from _check_counts(record, counts)
    yield from _check_order(record, counts)


def _check_terms(record: Record) -> Iterator[Finding]:
    room = record.room
    if room.stake < 1:
        yield Finding("room.stake", "a stake is at least one Star")
    if not 0 <= room.fee_bps <= 10_000:
        yield Finding("room.fee_bps", "a fee is between nothing and the whole pool")
    if room.ends_ms <= room.starts_ms:
        yield Finding("room.ends_ms", "the game ends before it starts")
    if len(record.players) > room.capacity:
        yield Finding("room.capacity", f"{len(record.players)} players in {room.capacity} seats")
    if [player.index for player in record.players] != list(range(1, len(record.players) + 1)):
        yield Finding("players", "the players are not numbered from 1 on")
    for name in ("user_id", "seat_id"):
        if len({getattr(player, name) for player in record.players}) < len(record.players):
            yield Finding("players", f"two players have the same {name}")
    if room.organizer_id is not None and any(player.user_id == room.organizer_id for player in record.players):
        yield Finding("room.organizer_id", "the organizer plays")


def _check_frames(record: Record, counts: dict[int, Count]) -> Iterator[Finding]:
    room = record.room
    length_ms = room.ends_ms - room.starts_ms
    last_at, expected, reached_ms = 0, 0, None
    for frame, place, number in in_order(record):
        where = f"players[{place}].frames[{number}]"
        player = record.players[place]
        count = counts[player.index]
        expected += 1
        if frame.n != expected:
            yield Finding(where, f"is number {frame.n} where number {expected} is due")
            expected = frame.n
        for wrong in _check_frame(frame, count, length_ms, record.format):
            yield Finding(where, wrong)
        if frame.at_ms < last_at:
            yield Finding(where, f"was applied at {frame.at_ms} ms, after a frame of {last_at} ms")
        if reached_ms is not None:
            yield Finding(where, "comes after the target was reached")
        last_at = max(last_at, frame.at_ms)
        count.add(frame)
        if count.in_window > WINDOW_TAPS:
            yield Finding(where, f"makes {count.in_window} taps in two seconds: over {WINDOW_TAPS} are not counted")
        if count.taps > BURST_TAPS + frame.at_ms / MS_A_TAP:
            yield Finding(where, f"makes {count.taps} taps after {frame.at_ms} ms: more than time allows")
        if 0 < room.target <= count.taps:
            reached_ms = frame.at_ms
    finished_ms = record.seen.finished_ms - room.starts_ms
    if reached_ms is not None:
        if finished_ms != reached_ms:
            yield Finding("seen.finished_ms", f"the target was reached {reached_ms} ms after the start")
    elif finished_ms < length_ms + GRACE_MS:
        yield Finding("seen.finished_ms", f"is {finished_ms} ms after the start: sooner than the end and its grace")


def _check_frame(frame: Frame, count: Count, length_ms: int, form: Format) -> Iterator[str]:
    most = MOST_FRAME_TAPS[form]
    if not 1 <= frame.taps <= most:
        yield f"has {frame.taps} taps: 1 to {most} are allowed"
    if not 0 <= frame.at_ms < length_ms + GRACE_MS:
        yield f"was applied {frame.at_ms} ms after the start: outside of the game"
    if not 0 <= frame.stamp_ms < length_ms:
        yield f"is stamped {frame.stamp_ms} ms after the start: outside of the game"
    if frame.stamp_ms > frame.at_ms:
        yield f"is stamped {frame.stamp_ms} ms, later than it was applied ({frame.at_ms} ms)"
    if frame.stamp_ms < frame.at_ms - OLDEST_MS:
        yield f"was {frame.at_ms - frame.stamp_ms} ms old: over {OLDEST_MS} ms are not counted"
    if frame.stamp_ms < count.last_ms:
        yield f"is stamped {frame.stamp_ms} ms, before the player's last frame ({count.last_ms} ms)"
    if form != FORMAT:
        if frame.away:
            yield f"is of an absence: {form} knows none"
    elif frame.away:
        if count.away_ms + count.covered_ms(frame) > AWAY_MS:
            yield f"makes the player's absences longer than {AWAY_MS} ms"
    elif frame.at_ms >= length_ms:
        yield "was applied after the end and does not say so"


def _check_counts(record: Record, counts: dict[int, Count]) -> Iterator[Finding]:
    for line_number, line in enumerate(record.seen.standings):
        where = f"seen.standings[{line_number}]"
        if line.blocked and line.evidence <= WINDOW_TAPS:
            yield Finding(f"{where}.evidence", f"{line.evidence} taps in two seconds block nobody")
        elif not line.blocked and line.evidence:
            yield Finding(f"{where}.evidence", f"{line.evidence}, but the player was not blocked")
        count = counts.get(line.index)
        if count is None:
            continue
        if line.taps != count.taps:
            yield Finding(f"{where}.taps", f"{line.taps}, but the frames hold {count.taps}")
        if line.best != count.best:
            yield Finding(f"{where}.best", f"{line.best}, but the best two seconds hold {count.best}")


def _check_order(record: Record, counts: dict[int, Count]) -> Iterator[Finding]:
    lines = record.seen.standings
    if sorted(line.index for line in lines) != [player.index for player in record.players]:
        yield Finding("seen.standings", "does not name every player once")
        return

    def rank(line: SeenLine) -> tuple[bool, int, int, int]:
        reached = counts[line.index].reached if record.log == "complete" else 0
        return line.blocked, -line.taps, reached, line.index

    expected = sorted(lines, key=rank)
    if record.log == "complete":
        for number, (line, due) in enumerate(zip(lines, expected, strict=True)):
            if line.index != due.index:
                yield Finding(f"seen.standings[{number}]", f"is player {line.index} where player {due.index} is due")
    place = 0
    for number, line in enumerate(lines):
        place += not line.blocked
        due_place = None if line.blocked else place
        if line.place != due_place:
            yield Finding(f"seen.standings[{number}].place", f"{line.place} where {due_place} is due")


def player_of(record: Record, index: int) -> PlayerFrames | None:
    return next((player for player in record.players if player.index == index), None)
