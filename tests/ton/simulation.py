"""Many deposits with every trap there is, under a toncenter and workers that fail; what must come of each is known
beforehand, from how it was made and not from what the product thinks of it."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from persistence.errors import StoreUnavailable
from persistence.postgres import payments
from persistence.postgres.payments import Payment
from persistence.progress import Progress, untold
from persistence.ton.deposits import new_memo
from persistence.ton.transaction import hash_hex
from tests.stand_ins.toncenter import ENCRYPTED_COMMENT, Tx, comment_body
from tests.ton.conftest import HOUSE, RATE, World
from workers.loops.ton_watcher import ChainWatcher

Outcome = tuple[str, str | None, int | None, int | None]
"""State, reason, Stars and whose."""
PLAYERS = 120
DUST = 10_000_000
QUOTE = 900
LATE = QUOTE + 3600


class Killed(Exception):
    """The worker died here."""


@dataclass
class Order:
    payment: Payment
    made_s: int
    paid: bool = False
    cancelled: bool = False

    @property
    def memo(self) -> str:
        assert self.payment.ton_memo is not None
        return self.payment.ton_memo

    @property
    def whole(self) -> int:
        assert self.payment.ton_nanoton is not None
        return self.payment.ton_nanoton

    @property
    def rate(self) -> int:
        assert self.payment.ton_rate is not None
        return self.payment.ton_rate

    @property
    def user(self) -> int:
        return self.payment.user_id


@dataclass
class Simulation:
    world: World
    random: random.Random
    names_previous: bool = True
    expected: dict[str, Outcome | None] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    fresh: list[Order] = field(default_factory=list)
    old: list[Order] = field(default_factory=list)
    settled: list[Order] = field(default_factory=list)
    shorted: list[Order] = field(default_factory=list)
    pending: list[tuple[Tx, Order | None]] = field(default_factory=list)
    hidden: list[Tx] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    kills: int = 0
    rounds: int = 0

    async def run(self, transactions: int, progress: Progress = untold) -> None:
        """Send so many, in batches, reading between them; then everything comes to light and is read in peace."""
        world, chance = self.world, self.random
        world.toncenter.names_previous = self.names_previous
        self.users = [await world.player() for _ in range(PLAYERS)]
        while sum(self.made.values()) < transactions:
            world.price.nanoton = chance.choice([None, RATE // 2, RATE, RATE * 3 + 1])
            world.toncenter.repeats = chance.choice([0, 0, 3, 40])
            world.toncenter.longest_page = chance.choice([1000, 1000, 100])
            just_settled: list[Order] = []
            for _ in range(min(chance.choice([1, 20, 150, 400]), transactions - sum(self.made.values()))):
                await self._one(just_settled)
            await self._read()
            progress(sum(self.made.values()), transactions)
            self.settled += just_settled
            self._reveal(chance.choice([0.5, 1.0]))
            await payments.expire(world.db, world.chain.now_s * 1000, 1000)
        world.toncenter.faults.clear()
        self._reveal(1.0)
        world.price.nanoton = RATE
        await world.read()
        await world.read()

    async def check(self) -> None:
        """Every transaction came to what it had to; every balance is the sum of it; nothing else was recorded."""
        world = self.world
        receipts = await world.receipts()
        wrong = []
        for hash_, outcome in self.expected.items():
            receipt = receipts.pop(hash_, None)
            got = None if receipt is None else (receipt.state, receipt.reason, receipt.stars, receipt.user_id)
            if got != outcome:
                wrong.append((self.kinds[hash_], outcome, got))
        assert wrong == [], wrong
        assert receipts == {}
        due: Counter[int] = Counter()
        for outcome in self.expected.values():
            if outcome is not None and outcome[0] == "credited":
                assert outcome[2] is not None
                assert outcome[3] is not None
                due[outcome[3]] += outcome[2]
        assert {user: await world.balance(user) for user in self.users} == {user: due[user] for user in self.users}
        cursor = await world.deposits.cursor()
        assert cursor is not None
        assert (cursor.lt, cursor.gap_since_ms) == (max(tx.lt for tx in world.chain.accounts[HOUSE]), None)

    # What is sent.

    async def _one(self, just_settled: list[Order]) -> None:
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        if kind in ("repeated", "used_dust") and not self.settled:
            kind = "exact"
        if kind == "topped_up" and not self.shorted:
            kind = "short"
        order = None
        if kind in NEED_OLD:
            self.old, ripe = self._ripe()
            if not ripe:
                kind = "exact"
            else:
                order = ripe
        if order is None and kind not in WITHOUT_ORDER:
            order = await self._order()
        if order is not None and kind in AT_ONCE and self.random.random() < 0.1:
            await payments.cancel(self.world.db, order.user, order.payment.payment_id)
            order.cancelled = True
        self.made[kind] += 1
        self.kind = kind
        getattr(self, f"_{kind}")(order, just_settled)

    def _ripe(self) -> tuple[list[Order], Order | None]:
        """The oldest order that nobody paid, if its price has run out by now."""
        if self.old and self.world.chain.now_s > self.old[0].made_s + LATE + 100:
            return self.old[1:], self.old[0]
        return self.old, None

    async def _order(self) -> Order:
        chance = self.random
        payment = await self.world.order(
            chance.choice(self.users), chance.randint(10, 2000), rate=RATE + chance.randint(-999, 999)
        )
        return Order(payment, self.world.chain.now_s)

    def _pay(self, order: Order, amount: int, settled: list[Order], *, late: bool = False, **how: Any) -> None:
        """What is read in the round in which it is sent, so that the price of that moment is known: the order's own
        price holds for what was ordered and was paid in time, the worse of both for all else."""
        if "body" not in how:
            how.setdefault("comment", order.memo)
        tx = self._send(amount, **how)
        price = self.world.price.nanoton
        worse = None if price is None else max(price, order.rate)
        more = (amount - order.whole) // order.rate
        reason = "late" if late else "cancelled" if order.cancelled else "excess" if more else None
        if reason is None:
            stars: int | None = order.payment.stars
        elif worse is None:
            stars = None
        elif reason == "excess":
            stars = order.payment.stars + (amount - order.whole) // worse
        else:
            stars = amount // worse
        if stars is None:
            self._expect(tx, "review", reason)
        else:
            self._expect(tx, "credited", reason, order, stars)
            settled.append(order)

    def _expect(
        self, tx: Tx, state: str | None, reason: str | None = None, order: Order | None = None, stars: int = 0
    ) -> Tx:
        self.kinds[hash_hex(tx.hash)] = self.kind
        if state is None:
            self.expected[hash_hex(tx.hash)] = None
        elif state == "credited":
            assert order is not None
            self.expected[hash_hex(tx.hash)] = (state, reason, stars or order.payment.stars, order.user)
        else:
            self.expected[hash_hex(tx.hash)] = (state, reason, None, None)
        return tx

    def _send(self, amount: int, comment: str | None = None, **how: Any) -> Tx:
        return self.world.chain.send(HOUSE, amount, comment, **how)

    def _exact(self, order: Order, settled: list[Order]) -> None:
        self._pay(order, order.whole, settled)

    def _excess(self, order: Order, settled: list[Order]) -> None:
        more = order.rate * self.random.randint(1, 500) + self.random.randrange(order.rate)
        self._pay(order, order.whole + more, settled)

    def _a_bit_more(self, order: Order, settled: list[Order]) -> None:
        self._pay(order, order.whole + order.rate - 1, settled)

    def _typed(self, order: Order, settled: list[Order]) -> None:
        text = " " + order.memo.lower().replace("0", "o").replace("1", "l") + "\n"
        self._pay(order, order.whole, settled, comment=text)

    def _not_decoded(self, order: Order, settled: list[Order]) -> None:
        body = comment_body(" " * self.random.choice([0, 100, 400]) + order.memo)
        opcode = self.random.choice(["0x00000000", 0, None])
        self._pay(order, order.whole, settled, body=body, opcode=opcode, decoded=False)

    def _slow_block(self, order: Order, settled: list[Order]) -> None:
        tx = self._expect(self._send(order.whole, order.memo, final=False), "credited", None, order)
        self.pending.append((tx, order))

    def _emulated(self, order: Order, settled: list[Order]) -> None:
        tx = self._expect(self._send(order.whole, order.memo, emulated=True), "credited", None, order)
        self.pending.append((tx, order))

    def _undone(self, order: Order, settled: list[Order]) -> None:
        not_final = self.random.choice([{"final": False}, {"emulated": True}])
        self.pending.append((self._expect(self._send(order.whole, order.memo, **not_final), None), None))

    def _indexed_late(self, order: Order, settled: list[Order]) -> None:
        self.hidden.append(self._expect(self._send(order.whole, order.memo, indexed=False), "credited", None, order))

    def _short(self, order: Order | None, settled: list[Order]) -> None:
        assert order is not None
        amount = max(order.whole - self.random.randint(1, order.whole // 2), DUST)
        self._expect(self._send(amount, order.memo), "review", "short")
        self.shorted.append(order)

    def _topped_up(self, order: Order | None, settled: list[Order]) -> None:
        order = self.shorted.pop(0)
        if self.world.chain.now_s > order.made_s + QUOTE - 100:
            order.paid = True  # too close to the end of its price to be told here
            self._no_memo(None, settled)
            return
        # In the same round as what was short, or later.
        self._pay(order, order.whole, settled)

    def _within_grace(self, order: Order, settled: list[Order]) -> None:
        sent = order.made_s + LATE - self.random.randrange(1000)
        self._pay(order, order.whole, settled, late=True, now_s=sent)

    def _put_off(self, order: Order, settled: list[Order]) -> None:
        self.old.append(order)
        self._dust(None, settled)

    def _late(self, order: Order, settled: list[Order]) -> None:
        self._pay(order, order.whole, settled, late=True)

    def _repeated(self, order: Order | None, settled: list[Order]) -> None:
        used = self.random.choice(self.settled)
        self._expect(self._send(used.whole * self.random.randint(1, 3), used.memo), "review", "repeated")

    def _used_dust(self, order: Order | None, settled: list[Order]) -> None:
        self._expect(self._send(1, self.random.choice(self.settled).memo), "ignored", "dust")

    def _dust(self, order: Order | None, settled: list[Order]) -> None:
        self._expect(self._send(self.random.randint(1, DUST - 1)), "ignored", "dust")

    def _open_dust(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(self.random.randint(1, DUST - 1), order.memo), "ignored", "dust")
        self._exact(order, settled)

    def _guessed(self, order: Order, settled: list[Order]) -> None:
        memo = self.random.choice([new_memo(), order.memo[:-1] + ("0" if order.memo[-1] != "0" else "2")])
        self._expect(self._send(order.whole, memo), "review", "unknown")

    def _no_memo(self, order: Order | None, settled: list[Order]) -> None:
        text = self.random.choice([None, "", "hello", "thanks for a good game!", "ПРИВЕТ", "0" * 15, "\x00\x01"])
        self._expect(self._send(self.random.randint(DUST, 10**12), text), "review", "no_memo")

    def _no_text(self, order: Order | None, settled: list[Order]) -> None:
        body = comment_body(self.random.randbytes(self.random.randint(1, 300)) + b"\xff")
        self._expect(self._send(10**9, body=body, opcode="0x00000000"), "review", "no_memo")

    def _encrypted(self, order: Order, settled: list[Order]) -> None:
        body = comment_body(order.memo)
        self._expect(self._send(order.whole, body=body, opcode=hex(ENCRYPTED_COMMENT)), "review", "no_memo")

    def _jetton(self, order: Order, settled: list[Order]) -> None:
        said = {"type": self.random.choice(["text_comment", "jetton_notify"]), "comment": order.memo}
        tx = self._send(order.whole, body=comment_body(order.memo), opcode="0x7362d09c", decoded=said)
        self._expect(tx, "ignored", "jetton")

    def _bounced(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, bounced=True), "ignored", "bounced")

    def _foreign(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, destination="0:" + "77" * 32), "ignored", "foreign")

    def _sends(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, out_msgs=1), "ignored", "sends")

    def _bounced_off(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, aborted=True, out_msgs=1), "ignored", "sends")

    def _aborted(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, aborted=True), "review", "aborted")

    def _external(self, order: Order, settled: list[Order]) -> None:
        self._expect(self._send(order.whole, order.memo, source=None, out_msgs=1), None)

    def _elsewhere(self, order: Order, settled: list[Order]) -> None:
        self.world.chain.send("0:" + "99" * 32, order.whole, order.memo)

    # What goes wrong meanwhile.

    def _reveal(self, part: float) -> None:
        """Blocks are taken or not, the indexer catches up."""
        chain = self.world.chain
        later = []
        for tx, order in self.pending:
            if self.random.random() > part:
                later.append((tx, order))
            elif order is None:
                chain.undo(tx)
            else:
                chain.finalise(tx)
        self.pending = later
        for tx in list(self.hidden):
            if self.random.random() <= part or not self.names_previous:
                tx.indexed = True
                self.hidden.remove(tx)

    async def _read(self) -> None:
        """Rounds until one comes to its end, by workers that die and a server that fails."""
        chance, world = self.random, self.world
        while True:
            self.rounds += 1
            for _ in range(chance.choice([0, 0, 1, 3, 9])):
                world.toncenter.faults.append(chance.choice(FAULTS))
            watchers = [self._watcher() for _ in range(chance.choice([1, 1, 1, 2]))]
            ends = await asyncio.gather(*(watcher.round() for watcher in watchers), return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException) and not isinstance(end, StoreUnavailable | Killed):
                    raise end
            if any(not isinstance(end, BaseException) for end in ends):
                return

    def _watcher(self) -> ChainWatcher:
        """A worker, which may be killed before or after what it records is committed."""
        deposits = self.world.deposits
        record, dies = deposits.record, self.random.choice(["never", "never", "before", "after"])
        left = self.random.randint(1, 4)

        async def mortal(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if dies == "before" and left == 0:
                self.kills += 1
                raise Killed
            recorded = await record(*args, **named)
            if dies == "after" and left == 0:
                self.kills += 1
                raise Killed
            return recorded

        deposits.record = mortal  # type: ignore[method-assign]
        page = self.random.choice([50, 1000, 1000])
        return self.world.watching(deposits, page)


FAULTS: list[int | str] = [429, 500, 502, 503, "drop", "nonsense"]
KINDS = {
    "exact": 25, "excess": 6, "a_bit_more": 3, "typed": 4, "not_decoded": 6, "slow_block": 4, "emulated": 2,
    "undone": 3, "indexed_late": 4, "short": 5, "topped_up": 3, "within_grace": 3, "put_off": 4, "late": 4,
    "repeated": 5, "used_dust": 1, "dust": 2, "open_dust": 2, "guessed": 3, "no_memo": 4, "no_text": 2, "encrypted": 2,
    "jetton": 4, "bounced": 3, "foreign": 1, "sends": 1, "bounced_off": 1, "aborted": 2, "external": 1, "elsewhere": 1,
}  # fmt: skip
NEED_OLD = {"late"}
AT_ONCE = {"exact", "excess", "a_bit_more", "typed", "not_decoded"}
WITHOUT_ORDER = {"topped_up", "late", "repeated", "used_dust", "dust", "no_memo", "no_text"}
