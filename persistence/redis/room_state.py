"""A whole room as the scripts describe it (`lua/includes/describe.lua`), in types.  Never talks to a server."""

from typing import Literal

import msgspec

from persistence.redis.connection import Reply
from persistence.vocabulary import CancelReason, RoomKind, RoomPhase


class PlayerState(msgspec.Struct):
    """One paid seat with its taps."""

    seat_id: str
    user_id: str
    name: str
    photo_url: str | None
    taps: int
    seq: int
    state: Literal["paid", "blocked"]
    place: int | None


class RoomState(msgspec.Struct, kw_only=True):
    """A whole room at one version.  `result` is what Redis saw, `outcome` what Postgres decided; both JSON."""

    room_id: str
    kind: RoomKind
    state: RoomPhase
    stake: int
    capacity: int
    min_players: int
    fee_bps: int
    target: int | None
    pool: int
    prize: int
    organizer_id: str | None
    organizer_name: str
    organizer_photo_url: str | None
    organizer_seat_id: str | None
    key: str | None
    created_ms: int
    deadline_ms: int | None
    starts_ms: int | None
    ends_ms: int | None
    finished_ms: int | None
    reason: CancelReason | None
    version: int
    revision: int
    free: int
    epoch: str
    server_time_ms: int
    players: list[PlayerState]
    result: bytes | None
    outcome: bytes | None


class _Profile(msgspec.Struct):
    name: str = ""
    photo_url: str | None = None


_profile = msgspec.json.Decoder(_Profile).decode


def read_room(room_id: str, reply: Reply) -> RoomState:
    """The answer of `describe`.  Only paid seats are players."""
    _, version, epoch, now, state, created, deadline, starts, ends, target, terms, revision, free, *seats = reply
    kind, stake, capacity, min_players, fee_bps, finished, reason, result, outcome, organizer, seat, key, host = terms
    players = [_player(seat) for seat in seats if seat[2]]
    host_profile = _profile(host or b"{}")
    pool = int(stake) * len(players)
    return RoomState(
        room_id=room_id,
        kind=kind.decode(),
        state=state.decode(),
        stake=int(stake),
        capacity=int(capacity),
        min_players=int(min_players),
        fee_bps=int(fee_bps),
        target=target or None,
        pool=pool,
        prize=pool - pool * int(fee_bps) // 10000,
        organizer_id=organizer.decode() or None,
        organizer_name=host_profile.name,
        organizer_photo_url=host_profile.photo_url,
        organizer_seat_id=seat.decode() or None,
        key=key.decode() or None,
        created_ms=int(created),
        deadline_ms=deadline or None,
        starts_ms=starts or None,
        ends_ms=ends or None,
        finished_ms=int(finished) if finished else None,
        reason=reason.decode() if reason else None,
        version=version,
        revision=revision,
        free=free,
        epoch=epoch.decode(),
        server_time_ms=now,
        players=players,
        result=result or None,
        outcome=outcome or None,
    )


def _player(seat: Reply) -> PlayerState:
    seat_id, user_id, _, profile_json, taps, seq, blocked, place = seat
    profile = _profile(profile_json)
    return PlayerState(
        seat_id=seat_id.decode(),
        user_id=user_id.decode(),
        name=profile.name,
        photo_url=profile.photo_url,
        taps=taps,
        seq=seq,
        state="blocked" if blocked else "paid",
        place=place or None,
    )
