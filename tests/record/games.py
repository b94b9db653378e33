"""Made games: players in virtual time through the model of the room, and the record of what came of it."""

import random
from collections.abc import Iterable, Sequence
from struct import pack

import msgspec

from cli.simulate.people import anybody
from persistence.records.build import GameFacts, SeatOfResult, build
from persistence.records.document import DecidedLine, Decision, Leg, Record, Terms, Transfer
from persistence.records.signing import Signer
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.rooms import RoomTerms
from tests.lua import honest, model
from tests.lua.clocked import NOON_MS

ROOM_ID = "00abcdefghijklmn"
GAME_MS = 60_000
STARTS_MS = NOON_MS + 3_000
ENDS_MS = STARTS_MS + GAME_MS
BATCH_MS = 100
STAKE = 50
STANDARD = RoomTerms("standard", STAKE, 10, 2, 60_000, 3_000, GAME_MS, 250)
HERO = RoomTerms("hero", STAKE, 50, 2, 300_000, 3_000, GAME_MS, 1000, 200, "900", "0" * 36)


def seat_id(user_id: str) -> str:
    return f"00000000-0000-4000-8000-{int(user_id):012d}"


def batches(arrivals: Iterable[tuple[int, TapFrame]]) -> Iterable[tuple[int, list[TapFrame]]]:
    """Frames as a gateway hands them to the script: everything of 100 ms together."""
    waiting: list[TapFrame] = []
    due = STARTS_MS
    for at, frame in sorted(arrivals, key=lambda item: item[0]):
        if waiting and at > due:
            yield due, waiting
            waiting = []
        if not waiting:
            due = at + BATCH_MS
        waiting.append(frame)
    if waiting:
        yield due, waiting


def open_room(users: Sequence[str], terms: RoomTerms = STANDARD) -> model.Room:
    """A room of the model that counts down; it starts at STARTS_MS."""
    room = model.Room(ROOM_ID, msgspec.structs.replace(terms, capacity=len(users)), NOON_MS, model.Partition())
    for user_id in users:
        room.reserve(NOON_MS, seat_id(user_id), user_id, "")
        room.confirm(NOON_MS, seat_id(user_id), user_id, {"name": "", "photo_url": None})
    if terms.kind == "hero":
        room.start(NOON_MS, terms.organizer_id or "")
    assert room.starts_ms == STARTS_MS
    return room


def finish(room: model.Room) -> None:
    room.tick(ENDS_MS + 1_000)
    assert room.state == "finished"


def log_of(room: model.Room) -> bytes:
    """The log as the script packs it."""
    return b"".join(
        pack("<IH", at_ms, len(frames))
        + b"".join(pack("<HHBB", index, stamp & 0xFFFF, stamp >> 16, count) for index, stamp, count in frames)
        for at_ms, frames in room.log
    )


def honest_game(seed: int, users: Sequence[str], terms: RoomTerms = STANDARD) -> model.Room:
    """People, through networks that fail for up to five seconds, to the end of the game."""
    rng = random.Random(seed)
    room = open_room(users, terms)
    arrivals = [
        item for user in users for item in honest.play(rng, user, STARTS_MS, GAME_MS, anybody(rng).taps).arrivals
    ]
    for at, frames in batches(arrivals):
        statuses = set(room.tap(min(at, ENDS_MS + 999), frames))
        assert statuses <= {TapStatus.OK, TapStatus.ROOM_CLOSED}
        if room.state != "playing":
            break
    else:
        finish(room)
    return room


def facts_of(room: model.Room, *, stake: int = STAKE) -> GameFacts:
    """What Postgres would know of it: the decision, and transfers with numbers of their own."""
    assert room.result is not None
    seats = msgspec.convert(room.result["seats"], list[SeatOfResult])
    terms = room.terms
    winner = next(seat.user_id for seat in seats if not seat.blocked and seat.taps)
    pool = stake * len(seats)
    fee = pool * terms.fee_bps // 10_000
    decision = Decision(
        outcome="settled", reason=None, winner=winner, pool=pool, prize=pool - fee, fee=fee,
        standings=[
            DecidedLine(seat.place, seat.user_id, seat.taps, pool - fee if seat.user_id == winner else 0)
            for seat in seats
        ],
        payouts={seat.user_id: pool - fee if seat.user_id == winner else 0 for seat in seats}
        | ({terms.organizer_id: fee} if terms.organizer_id else {}),
    )  # fmt: skip
    transfers = [
        Transfer(
            100 + number, f"stake:{seat.seat_id}", "stake", None,
            [Leg(f"player:{seat.user_id}", -stake), Leg("escrow", stake)],
        )
        for number, seat in enumerate(sorted(seats, key=lambda seat: seat.index))
    ]  # fmt: skip
    to_fee = f"player:{terms.organizer_id}" if terms.organizer_id else "house"
    legs = [Leg("escrow", -pool), Leg(f"player:{winner}", pool - fee), Leg(to_fee, fee)]
    transfers.append(Transfer(900, f"settle:{ROOM_ID}", "settle", None, [leg for leg in legs if leg.amount]))
    return GameFacts(
        Terms(
            ROOM_ID, terms.kind, stake, terms.capacity, terms.fee_bps, terms.target, terms.organizer_id,
            STARTS_MS, ENDS_MS,
        ),
        room.result["finished_ms"], seats, decision, transfers,
    )  # fmt: skip


def made_record(signer: Signer, terms: RoomTerms | None = None, *, seed: int = 3, players: int = 4) -> Record:
    """The record of an honest game."""
    room = honest_game(seed, [str(number) for number in range(101, 101 + players)], terms or STANDARD)
    return build(facts_of(room), log_of(room), ENDS_MS + 2_000, signer)
