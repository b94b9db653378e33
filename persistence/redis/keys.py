"""Names of everything in Redis.  The only module that builds keys and channels; it never talks to a server.

What belongs together lies in one hash slot: a room's keys and its partition's deadlines, results and heartbeat share
the partition's tag.  A room id begins with its partition in two hex digits, a hero room's key with two letters that
give the same partition, so that one script makes both.
"""

import re
import secrets
from binascii import crc_hqx
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from persistence.base32 import ALPHABET, new_code, normalise_code

PARTITIONS: Final = 64
SLOTS: Final = 16384

# One tag a partition, each in the middle of its 64th of the slots, so that every number of shards gets an even part.
# Fixed for ever: changing one loses the rooms of that partition.
# fmt: off
TAGS: Final = (
    "00th", "01iq", "02ov", "03br", "04bg", "05x3", "06id", "07s0",
    "08c2", "09yf", "0ab9", "0bcb", "0cj7", "0dar", "0e7s", "0fum",
    "10gk", "11en", "12st", "13nm", "14nx", "15sa", "16b6", "17xb",
    "183t", "19r4", "1aik", "1bh0", "1cae", "1drq", "1eg5", "1fyr",
    "20ag", "218v", "22jd", "233u", "24wh", "25jq", "268c", "27ar",
    "2825", "29li", "2aw6", "2bvm", "2cgi", "2dka", "2ea9", "2fx3",
    "30j5", "31pa", "32a6", "33c3", "3482", "35fn", "36w9", "37mm",
    "389g", "39pk", "3acx", "3bzr", "3ctj", "3dxb", "3ejk", "3fk0",
)
# fmt: on

LEADERBOARD_TAG: Final = "leaderboard"
ROOM_ID: Final = re.compile(r"[0-3][0-9a-f][0-9a-z]{14}")
KEY_LENGTH: Final = 10
_TO_ALPHABET: Final = bytes(b"0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36] for byte in range(256))


class RoomKeys(NamedTuple):
    """The names of one room; `due`, `results` and `heartbeat` are its partition's."""

    slot: int
    data: bytes
    gone: bytes
    log: bytes
    observations: bytes
    due: bytes
    results: bytes
    heartbeat: bytes
    channel: bytes


class PartitionKeys(NamedTuple):
    """The names of one partition."""

    slot: int
    due: bytes
    results: bytes
    heartbeat: bytes
    barrier: bytes
    probe: bytes


class BonusKeys(NamedTuple):
    """The names of one user's bonus run; `dirty` is its partition's index of runs that Postgres has yet to hear of."""

    slot: int
    run: bytes
    dirty: bytes


class PresenceKeys(NamedTuple):
    """The names of a partition's users whose app is open."""

    slot: int
    presence: bytes


class LobbyKeys(NamedTuple):
    """The names of one stake's lobby."""

    slot: int
    rooms: bytes
    open: bytes
    held: bytes


class GatewayKeys(NamedTuple):
    """The names of the list of gateways."""

    slot: int
    all: bytes
    lapse: bytes
    orders: bytes


class RateLimitKeys(NamedTuple):
    """The name of one caller's counter for one limit."""

    slot: int
    full_at: bytes


class LeaderboardKeys(NamedTuple):
    """The names of one leaderboard; `cursor` is shared by all of them, which lie in one slot."""

    slot: int
    board: bytes
    building: bytes
    builder: bytes
    cursor: bytes


def slot_of(tag: str) -> int:
    """The hash slot of a key with this hash tag (CRC16, XMODEM)."""
    return crc_hqx(tag.encode(), 0) % SLOTS


def slot_of_key(key: bytes) -> int:
    """The hash slot of a whole key or channel, by the rules of the cluster specification."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


def new_room_id(partition: int | None = None) -> str:
    """A random room id in that partition, or in a random one."""
    # One read of the system's randomness: fifteen are 30 us of every join.
    raw = secrets.token_bytes(15)
    return f"{raw[0] % PARTITIONS if partition is None else partition:02x}" + raw[1:].translate(_TO_ALPHABET).decode()


def new_room_key() -> str:
    """The key of a hero room: 50 random bits that can be typed on a phone."""
    return new_code(KEY_LENGTH)


def normalise_key(text: str) -> str | None:
    """The key that somebody typed, see `persistence/base32.py`; None: it is none."""
    return normalise_code(text, KEY_LENGTH)


def partition_of_key(key: str) -> int:
    """The partition in which a (normalised) key and its room lie."""
    return (ALPHABET.index(key[0]) * 32 + ALPHABET.index(key[1])) % PARTITIONS


def partition_of(room_id: str) -> int:
    """The partition that a room id names.

    Raises:
        ValueError: when it is not a room id.
    """
    if ROOM_ID.fullmatch(room_id) is None:
        raise ValueError("not a room id")
    return int(room_id[:2], 16)


@lru_cache(maxsize=32768)
def room(room_id: str) -> RoomKeys:
    """Names of a room's keys.  Raises ValueError when it is not a room id."""
    part = partition(partition_of(room_id))
    base = f"ct:{{{TAGS[partition_of(room_id)]}}}:room:{room_id}:"
    return RoomKeys(
        slot=part.slot,
        data=f"{base}data".encode(),
        gone=f"{base}gone".encode(),
        log=f"{base}log".encode(),
        observations=f"{base}observations".encode(),
        due=part.due,
        results=part.results,
        heartbeat=part.heartbeat,
        channel=f"{base}live".encode(),
    )


def room_key(key: str) -> bytes:
    """The name under which a hero room's (normalised) key leads to its room."""
    return f"ct:{{{TAGS[partition_of_key(key)]}}}:key:{key}".encode()


@lru_cache(maxsize=PARTITIONS)
def partition(number: int) -> PartitionKeys:
    """Names of a partition's keys."""
    tag = TAGS[number]
    base = f"ct:{{{tag}}}:"
    return PartitionKeys(
        slot=slot_of(tag),
        due=f"{base}due".encode(),
        results=f"{base}results".encode(),
        heartbeat=f"{base}heartbeat".encode(),
        barrier=f"{base}barrier".encode(),
        probe=f"{base}probe".encode(),
    )


@lru_cache(maxsize=256)
def lobby(stake: int) -> LobbyKeys:
    """Names of a stake's lobby."""
    tag = f"lobby:{stake}"
    base = f"ct:{{{tag}}}:"
    return LobbyKeys(
        slot=slot_of(tag),
        rooms=f"{base}rooms".encode(),
        open=f"{base}open".encode(),
        held=f"{base}held".encode(),
    )


@lru_cache(maxsize=32768)
def bonus(user_id: str) -> BonusKeys:
    """Names of a user's bonus run; users are spread over the partitions by their number."""
    number = int(user_id) % PARTITIONS
    at = bonus_partition(number)
    return BonusKeys(at.slot, f"ct:{{{TAGS[number]}}}:bonus:{user_id}".encode(), at.dirty)


@lru_cache(maxsize=PARTITIONS)
def bonus_partition(number: int) -> BonusKeys:
    """Names of a partition's bonus runs; `run` is empty."""
    tag = TAGS[number]
    return BonusKeys(slot_of(tag), b"", f"ct:{{{tag}}}:bonus-dirty".encode())


def proof(user_id: int, payload: str) -> tuple[int, bytes]:
    """Slot and name of a payload that a user's wallet is to sign."""
    tag = TAGS[user_id % PARTITIONS]
    return slot_of(tag), f"ct:{{{tag}}}:proof:{user_id}:{payload}".encode()


def wallet_session(user_id: int, name: str) -> tuple[int, bytes]:
    """Slot and name of what a wallet's connection from a user's chat has to remember."""
    tag = TAGS[user_id % PARTITIONS]
    return slot_of(tag), f"ct:{{{tag}}}:connect:{user_id}:{name}".encode()


@lru_cache(maxsize=PARTITIONS)
def presence(number: int) -> PresenceKeys:
    """Names of a partition's present users; users are spread over the partitions by their number."""
    tag = TAGS[number]
    return PresenceKeys(slot_of(tag), f"ct:{{{tag}}}:presence".encode())


@lru_cache(maxsize=1)
def gateways() -> GatewayKeys:
    """Names of the list of gateways."""
    base = "ct:{gateways}:"
    return GatewayKeys(slot_of("gateways"), f"{base}all".encode(), f"{base}lapse".encode(), f"{base}orders".encode())


@lru_cache(maxsize=256)
def leaderboard(name: str) -> LeaderboardKeys:
    """Names of a leaderboard: `today:<date>`, `week:<Monday's date>` or `all`."""
    base = f"ct:{{{LEADERBOARD_TAG}}}:"
    return LeaderboardKeys(
        slot=slot_of(LEADERBOARD_TAG),
        board=f"{base}{name}".encode(),
        building=f"{base}{name}:building".encode(),
        builder=f"{base}{name}:builder".encode(),
        cursor=f"{base}cursor".encode(),
    )


def known_network(account: str, network: str) -> tuple[int, bytes]:
    """Slot and name of what tells that an account was logged in to from a network; neither is readable in it."""
    digest = sha256(f"{account} {network}".encode()).hexdigest()[:32]
    tag = f"network:{digest}"
    return slot_of(tag), f"ct:{{{tag}}}".encode()


def rate_limit(name: str, caller: str) -> RateLimitKeys:
    """Name of a caller's counter for a limit; the caller, who may be an e-mail address, is not readable in it."""
    digest = sha256(caller.encode()).hexdigest()[:32]
    tag = f"rate:{digest}"
    return RateLimitKeys(slot_of(tag), f"ct:{{{tag}}}:{name}".encode())


def user_events_channel(user_id: int | str) -> bytes:
    """The channel of a user's events; every gateway listens on all of them."""
    return USER_EVENTS_CHANNELS[int(user_id) % PARTITIONS]


USER_EVENTS_CHANNELS: Final = tuple(f"ct:{{user-events:{number}}}".encode() for number in range(PARTITIONS))
