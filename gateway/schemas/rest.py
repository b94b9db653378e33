"""Bodies and answers of the REST interface, by the names of the protocol."""

from typing import Annotated, Any, Literal

import msgspec

from gateway.schemas.fields import Claimed, Count, Language, Moment, RoomId, Stars, UserId
from gateway.schemas.room import Organizer, Room
from persistence.vocabulary import BonusState


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """The one shape of every refusal."""

    code: str
    message: str
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class TelegramLogin(Claimed):
    """POST /auth/telegram.  `init_data` is the Mini App's raw `initData` string; any text that is none is refused as
    `init_data_invalid`, whatever is wrong with it."""

    init_data: str


class Renewal(Claimed):
    """POST /auth/refresh: the token, where it is not in the Authorization header."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None


class Nothing(Claimed):
    """A request whose body may be left out."""


class Stats(msgspec.Struct):
    """`won` is in Stars; `best_rate` is taps a second in the best two seconds."""

    games: Count
    wins: Count
    won: Stars
    best_rate: float


class BonusRun(msgspec.Struct):
    """A bonus run.  `seq`: the last frame dealt with; `reason`: why it was cancelled (player, too_fast, refused);
    `held`: the goal was reached, and the reward of so many Stars waits for an operator."""

    taps: Count
    goal: Count
    started_ms: Moment
    ends_ms: Moment
    state: BonusState
    seq: Count
    reason: str | None
    reward: Stars
    held: bool


class BonusAnswer(msgspec.Struct):
    """Answer of /bonus: the latest run, also when it is over."""

    bonus: BonusRun | None


class User(msgspec.Struct):
    """The caller's own profile.  `email`: the confirmed address that logs in here.  `bonus` while a run is running or
    done; `wallet` is the raw address of the linked TON wallet; `coins` stay empty while that feature is not there."""

    user_id: UserId
    telegram_id: str | None
    name: str
    username: str | None
    photo_url: str | None
    language: Language
    email: str | None
    role: Literal["user", "admin"]
    balance: Stars
    coins: Count
    has_ton_wallet: bool
    wallet: str | None
    room_id: RoomId | None
    bonus: BonusRun | None
    stats: Stats


class Session(msgspec.Struct):
    """A fresh token with its owner."""

    token: str
    expires_at_ms: Moment
    user: User


class ProfileChange(Claimed):
    """PATCH /me: what a player may choose about the own account."""

    language: Language


class Tier(msgspec.Struct):
    """One stake: how many players wait and play there, and the prize of a full room."""

    stake: Stars
    capacity: Count
    waiting: Count
    playing: Count
    prize: Stars


class Tiers(msgspec.Struct):
    """GET /tiers."""

    tiers: list[Tier]


class JoinStandard(Claimed):
    """POST /rooms/join."""

    stake: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class CreateHero(Claimed):
    """POST /rooms: the fee of the new hero room; what it may be at most is a setting."""

    fee: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class JoinByKey(Claimed):
    """POST /rooms/join-by-key.  The key as a person types it: case, spaces and hyphens don't matter."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class KeyedRoom(msgspec.Struct):
    """What a hero room costs, who made it, how many sit there, and until when it can start."""

    fee: Stars
    organizer: Organizer | None
    players: Count
    deadline_ms: Moment


class RoomAnswer(msgspec.Struct):
    """Answer of everything that shows one room."""

    room: Room


class BalanceAnswer(msgspec.Struct):
    """Answer of what only moved money."""

    balance: Stars


class StatementEntry(msgspec.Struct):
    """One change of the caller's balance; `amount` is negative for what was paid.  `role`: what the caller was in the
    game at /games/`room_id`; null where there is none, as while it goes on.  Of a `debt`, which pays for a payment that
    Telegram took back after it was spent, `reason` is the kind of change that brought the Stars just before."""

    entry_id: str
    kind: str
    amount: int
    balance_after: Stars
    room_id: RoomId | None
    reason: str | None
    created_ms: Moment
    role: Literal["player", "organizer"] | None


class Statement(msgspec.Struct):
    """GET /statement, newest first; `next_cursor` is null on the last page."""

    entries: list[StatementEntry]
    next_cursor: str | None


class RecordKey(msgspec.Struct):
    """A key that signs records of games; `public_key` is hex."""

    key_id: str
    public_key: str


class RecordKeys(msgspec.Struct):
    """GET /record-keys, the latest first."""

    keys: list[RecordKey]


class DemoLogin(msgspec.Struct, kw_only=True):
    """POST /dev/init-data, development only: the demo player to sign in."""

    telegram_id: Annotated[int, msgspec.Meta(ge=1, lt=2**52)] | None = None
    first_name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "Demo"
    last_name: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    username: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    language_code: Annotated[str, msgspec.Meta(max_length=8)] | None = None


class DemoInitData(msgspec.Struct):
    """Init data signed with the development token."""

    init_data: str


class DemoPlayer(msgspec.Struct):
    """A ready-made identity for the demo login page."""

    telegram_id: int
    first_name: str
    last_name: str | None
    username: str | None
    language_code: str


class DemoPlayers(msgspec.Struct):
    """GET /dev/players, development only."""

    players: list[DemoPlayer]
