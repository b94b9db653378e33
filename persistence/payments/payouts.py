"""Sending withdrawals: to a wallet on the TON chain, or as Telegram Premium.  Never the same one twice.

Owns the order.  An attempt is committed before anything leaves; from then on it may have left, and only the chain or
Telegram itself says whether it did.  A TON message is sent again as the same bytes until it is seen or can no longer be
accepted.  A gift cannot be sent again safely, so it is looked for in Telegram's transactions until it surely is absent.
A transaction counts for one withdrawal, and none is this one's because it is nobody else's: where nothing but that
would say so, where something is not understood, and where an end does not come in time, an operator decides.  One
withdrawal holds up no other.  Must never begin a new attempt unless the last surely came to nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog

from persistence.errors import StoreUnavailable, TelegramRefused, TelegramUnavailable
from persistence.payments.withdrawals import publish_balance
from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from persistence.postgres.withdrawals import Outcome, Withdrawal
from persistence.redis.store import RedisStore
from persistence.ton.toncenter import ChainPuzzling, ChainRefused, ChainUnavailable

if TYPE_CHECKING:
    import aiogram

    from persistence.payments.star_list import Entry
    from persistence.ton.highload import HighloadChain, HighloadWallet

log = structlog.get_logger(__name__)

RELEASES_A_ROUND: Final = 100
SENDS_A_ROUND: Final = 10
LEASE_S: Final = 120.0
LOOK_AGAIN_MS: Final = 5_000
RETRY_MS: Final = 60_000
MOST_RETRIES: Final = 5
"""After so many attempts that came to nothing an operator has to look."""
EXPIRY_MARGIN_S: Final = 120
"""So long after a message's time-out the chain as toncenter shows it must be before its absence is believed."""
FORGOTTEN_S: Final = 3600
"""A message that the wallet remembers and no transaction shows, so long after its time-out: somebody should look."""
GIFT_SURE_MS: Final = 900_000
"""Telegram answers within seconds or never: a gift that its transactions do not show after so long was not made."""
STUCK_S: Final = 86_400.0
"""What has been under way, or could not be gone on with, for so long is an operator's, whatever the reason."""
PUZZLED_MS: Final = 3_600_000
"""An answer of the chain that is not understood for so long is an operator's."""

# The player's side of it: no other attempt would fare better.  Everything else is the house's to put right.
_PLAYERS_PROBLEM: Final = (
    "USER_ID_INVALID",
    "user not found",
    "chat not found",
    "PEER_ID_INVALID",
    "USER_IS_DEACTIVATED",
)


@dataclass(frozen=True, slots=True)
class TonMethod:
    """What is needed to pay TON."""

    network: str
    wallet: "HighloadWallet"
    chain: "HighloadChain"


class Payouts:
    """`ton`, `bot`: None where that method is off; what waits for it stays waiting.  Rounds may run in many workers."""

    def __init__(self, live: RedisStore, db: Database, *, ton: TonMethod | None, bot: "aiogram.Bot | None") -> None:
        self._live = live
        self._db = db
        self._ton = ton
        self._bot = bot

    async def release(self) -> int:
        """End the holds whose time is over; how many."""
        released = await withdrawals.release(self._db, self._live.now_ms(), RELEASES_A_ROUND)
        for each in released:
            if each.state == "approval":
                log.warning("withdrawal waits for an operator", withdrawal_id=each.withdrawal_id, why=each.waits_for)
        stuck = await withdrawals.hand_over(self._db, self._live.now_ms(), after_s=STUCK_S, limit=RELEASES_A_ROUND)
        for each in stuck:
            log.error(
                "withdrawal waits for an operator", alert=True, withdrawal_id=each.withdrawal_id, problem=each.error
            )
        return len(released) + len(stuck)

    async def send_ton(self) -> int:
        """Go on with the TON withdrawals that are due; how many."""
        if self._ton is None:
            return 0
        due = await withdrawals.take(self._db, "ton", self._live.now_ms(), lease_s=LEASE_S, limit=SENDS_A_ROUND)
        away: StoreUnavailable | None = None
        for each in due:
            try:
                await self._ton_step(self._ton, each)
            except ChainRefused as error:
                await self._end(each, "later", f"toncenter: {error}", in_ms=RETRY_MS)
            except ChainPuzzling as error:
                await self._puzzled(each, str(error))
            except ChainUnavailable as error:
                if away is not None:
                    raise  # it is not about this one only
                away = error
            except psycopg.Error:
                log.exception("withdrawal not gone on with", alert=True, withdrawal_id=each.withdrawal_id)
        if away is not None:
            raise away
        return len(due)

    async def send_premium(self) -> int:
        """Go on with the gifts that are due; how many."""
        if self._bot is None:
            return 0
        due = await withdrawals.take(self._db, "premium", self._live.now_ms(), lease_s=LEASE_S, limit=SENDS_A_ROUND)
        for each in due:
            try:
                if each.begun_ms is None:
                    await self._gift(self._bot, each)
                else:
                    await self._look_for_gift(self._bot, each)
            except psycopg.Error:
                log.exception("withdrawal not gone on with", alert=True, withdrawal_id=each.withdrawal_id)
        return len(due)

    async def _puzzled(self, each: Withdrawal, problem: str) -> None:
        """The chain says something of an attempt that is not understood: for a while that may pass."""
        if each.begun_ms is not None and self._live.now_ms() - each.begun_ms > PUZZLED_MS:
            await self._end(each, "unknown", problem)
        else:
            await self._end(each, "later", problem, in_ms=RETRY_MS)

    async def _ton_step(self, ton: TonMethod, each: Withdrawal) -> None:
        destination, nanoton = each.address, each.nanoton
        assert destination is not None
        assert nanoton is not None
        if each.network != ton.network:
            await self._end(
                each, "unknown" if each.boc else "failed", f"for {each.network}, which is not the network now"
            )
            return
        chain_now_s = await ton.chain.now_s()
        if each.boc is None:
            if each.retries >= MOST_RETRIES:
                await self._end(each, "failed", "no attempt was accepted")
                return
            message = ton.wallet.message(
                query_id=await withdrawals.next_query(self._db),
                chain_now_s=chain_now_s,
                destination=destination,
                nanoton=nanoton,
            )
            begun = await withdrawals.begin(self._db, each, self._live.now_ms(), message, wallet=ton.wallet.address)
            if begun.status != "begun":
                return
            assert begun.withdrawal is not None
            each = begun.withdrawal
        assert each.boc is not None
        assert each.message_hash is not None
        assert each.message_expires is not None
        assert each.query_id is not None
        found = await ton.chain.transfer(each.message_hash, destination=destination, nanoton=nanoton)
        match found.status:
            case "sent":
                await self._end(each, "sent", reference=found.hash)
            case "failed":
                await self._end(each, "failed", found.problem)
            case "under_way":
                await self._end(each, "later", in_ms=LOOK_AGAIN_MS)
            case "absent" if chain_now_s <= each.message_expires + EXPIRY_MARGIN_S:
                await self._hand_in(ton, each, may_be_accepted=chain_now_s < each.message_expires)
            case "absent":
                # Read before this, the transactions were whole up to `chain_now_s`: past the time-out none can follow.
                # Of the wallet that signed it, which need not be the present one.
                if not await ton.chain.processed(each.query_id, wallet=each.wallet or ton.wallet.address):
                    await self._end(each, "again", "timed out", in_ms=0)
                elif chain_now_s > each.message_expires + FORGOTTEN_S:
                    await self._end(each, "unknown", "the wallet accepted it, and no transaction shows it")
                else:
                    await self._end(each, "later", "accepted, not seen yet", in_ms=RETRY_MS)

    async def _hand_in(self, ton: TonMethod, each: Withdrawal, *, may_be_accepted: bool) -> None:
        problem = None
        if may_be_accepted:
            assert each.boc is not None
            try:
                await ton.chain.send(each.boc)
            except ChainRefused as error:
                problem = str(error)
            except StoreUnavailable:
                problem = "toncenter did not answer"
        await self._end(each, "later", problem, in_ms=LOOK_AGAIN_MS)

    async def _gift(self, bot: "aiogram.Bot", each: Withdrawal) -> None:
        assert each.telegram_id is not None
        assert each.months is not None
        if each.retries >= MOST_RETRIES:
            await self._end(each, "failed", "no attempt came through")
            return
        begun = await withdrawals.begin(self._db, each, self._live.now_ms(), None, bot_id=bot.id)
        if begun.status != "begun":
            return  # `busy` comes again when its lease is over
        from aiogram.methods import GiftPremiumSubscription  # see persistence.telegram

        from persistence.telegram import ask

        method = GiftPremiumSubscription(user_id=each.telegram_id, month_count=each.months, star_count=each.stars)
        try:
            await ask(bot, method)
        except TelegramUnavailable as error:
            if error.retry_after_s is not None:  # flood control: it was not looked at
                await self._end(each, "again", error.problem, in_ms=int(error.retry_after_s * 1000) + RETRY_MS)
            else:
                await self._end(each, "later", error.problem, in_ms=RETRY_MS)
        except TelegramRefused as error:
            if any(word.lower() in error.reason.lower() for word in _PLAYERS_PROBLEM):
                await self._end(each, "returned", error.reason)
            else:
                await self._end(each, "failed", error.reason)
        else:
            # Telegram's id of it stands in its transactions only; where that cannot be read, it is paid all the same.
            assert begun.withdrawal is not None
            await self._end(each, "sent", reference=await self._id_of_gift(bot, begun.withdrawal))

    async def _id_of_gift(self, bot: "aiogram.Bot", begun: Withdrawal) -> str | None:
        """Telegram's id of a gift that was surely made; None where it cannot be told from others."""
        try:
            found = await self._search(bot, begun)
        except (TelegramUnavailable, TelegramRefused):
            return None
        return found.free[0] if found.is_one else None

    async def _look_for_gift(self, bot: "aiogram.Bot", each: Withdrawal) -> None:
        """An attempt whose answer nobody has seen."""
        assert each.begun_ms is not None
        if each.bot_id != bot.id:
            await self._end(each, "unknown", f"begun by bot {each.bot_id}, whose list bot {bot.id} cannot see")
            return
        # The time first: what Telegram lacks then was not made until then.
        sure = self._live.now_ms() - each.begun_ms > GIFT_SURE_MS
        try:
            found = await self._search(bot, each)
        except TelegramUnavailable as error:
            await self._end(each, "later", error.problem, in_ms=RETRY_MS)
            return
        except TelegramRefused as error:
            await self._end(each, "later", error.reason, in_ms=RETRY_MS)
            return
        if found.is_one:
            await self._end(each, "sent", reference=found.free[0])
        elif found.free:
            # Telegram gives a gift no mark of ours: of several that fit none is known to be this one.
            await self._end(each, "unknown", f"may be transaction {', '.join(found.free)}"[:200])
        elif not sure:
            await self._end(each, "later", "not in Telegram's transactions yet", in_ms=RETRY_MS)
        elif found.perhaps:
            await self._end(each, "unknown", f"of a kind that is not known: {', '.join(found.perhaps)}"[:200])
        else:
            await self._end(each, "again", "Telegram's transactions do not have it", in_ms=0)

    async def _search(self, bot: "aiogram.Bot", each: Withdrawal) -> "Search":
        """What of Telegram's transactions may be this gift: to this person, for so many months and Stars, behind what
        it had when the attempt began, and not that of another withdrawal."""
        from persistence.payments.star_list import read_page  # see persistence.telegram

        offset = each.star_offset or 0
        fitting: list[str] = []
        perhaps: list[str] = []
        while True:
            page = await read_page(bot, offset)
            fitting += [entry.id for entry in page.entries if _is_gift(entry, each)]
            perhaps += [entry.id for entry in page.entries if _may_be_gift(entry, each)]
            perhaps += [odd.key for odd in page.odd]
            if not page.length:
                break
            offset += page.length
        free, unnamed = await withdrawals.match_gift(self._db, each.withdrawal_id, fitting)
        return Search(free, unnamed, perhaps)

    async def _end(
        self,
        each: Withdrawal,
        outcome: Outcome,
        detail: str | None = None,
        *,
        reference: str | None = None,
        in_ms: int | None = None,
    ) -> None:
        next_ms = None if in_ms is None else self._live.now_ms() + in_ms
        changed = await withdrawals.end(self._db, each, outcome, detail=detail, reference=reference, next_ms=next_ms)
        facts: dict[str, Any] = {"withdrawal_id": each.withdrawal_id, "method": each.method}
        match changed.status:
            case "sent" | "returned":
                log.info("withdrawal " + changed.status, **facts)
                publish_balance(self._live, changed)
            case "failed" | "unknown":
                log.warning("withdrawal waits for an operator", why=changed.status, problem=detail, **facts)


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a gift found: transactions that fit and count for no withdrawal; of how many other gifts alike
    it is not known which transaction is theirs; and transactions that are not understood, any of which it may be."""

    free: list[str]
    unnamed: int
    perhaps: list[str]

    @property
    def is_one(self) -> bool:
        """Whether exactly one transaction can be this gift, and can be no other."""
        return len(self.free) == 1 and self.unnamed == 0


def _is_gift(entry: "Entry", each: Withdrawal) -> bool:
    partner = entry.receiver
    return (
        partner is not None
        and partner.type == "user"
        and partner.transaction_type == "premium_purchase"
        and partner.user is not None
        and partner.user.id == each.telegram_id
        and partner.premium_subscription_duration in (None, each.months)
        and entry.amount == each.stars
    )


def _may_be_gift(entry: "Entry", each: Withdrawal) -> bool:
    """Whether something left that this program does not know, and that may be the gift under another name."""
    partner = entry.receiver
    return (
        partner is not None
        and not entry.is_known
        and entry.amount == each.stars
        and (partner.user is None or partner.user.id == each.telegram_id)
    )
