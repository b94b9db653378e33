"""The money of a record: pool, fee, prize and every transfer, worked out again from the terms and the result.

Must never look at a frame.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from persistence.records.document import DecidedLine, PlayerFrames, Record, Transfer
from persistence.records.findings import Finding
from persistence.records.rules import player_of


def check_money(record: Record) -> Iterator[Finding]:
    """Everything about the decision and the transfers that does not follow from the result."""
    yield from _check_standings(record)
    yield from _check_amounts(record)
    yield from _check_transfers(record)
    yield from _check_payouts(record)


def _ranked(record: Record) -> list[tuple[PlayerFrames, bool, int]]:
    """PlayerFrames, blocked and taps of those who are in the decision, in the order of the live game."""
    decided = {line.user_id for line in record.decision.standings}
    found = []
    for line in record.seen.standings:
        player = player_of(record, line.index)
        if player is not None and player.user_id in decided:
            found.append((player, line.blocked, line.taps))
    return found


def _check_standings(record: Record) -> Iterator[Finding]:
    """Places and taps are those of the live game, without the seats that had not paid; prizes go to the winner."""
    decision = record.decision
    ranked = _ranked(record)
    if [line.user_id for line in decision.standings] != [player.user_id for player, _, _ in ranked]:
        yield Finding("decision.standings", "is not the order of the live game")
        return
    place = 0
    for number, (line, (_, blocked, taps)) in enumerate(zip(decision.standings, ranked, strict=True)):
        place += not blocked
        due = DecidedLine(
            None if blocked else place, line.user_id, taps, decision.prize if line.user_id == decision.winner else 0
        )
        for name in ("place", "taps", "prize"):
            if getattr(line, name) != getattr(due, name):
                yield Finding(
                    f"decision.standings[{number}].{name}", f"{getattr(line, name)} where {getattr(due, name)} is due"
                )
    winner = next((player.user_id for player, blocked, taps in ranked if not blocked and taps > 0), None)
    if decision.winner != winner:
        yield Finding("decision.winner", f"{decision.winner}, but by the rules it is {winner}")


def _check_amounts(record: Record) -> Iterator[Finding]:
    room, decision = record.room, record.decision
    settled = decision.winner is not None
    if decision.outcome != ("settled" if settled else "refunded"):
        yield Finding("decision.outcome", f"{decision.outcome} with winner {decision.winner}")
    if settled != (decision.reason is None):
        yield Finding("decision.reason", "only stakes that went back have a reason")
    pool = room.stake * len(decision.standings) if settled else 0
    fee = pool * room.fee_bps // 10_000
    for name, value, due, how in (
        ("pool", decision.pool, pool, f"{len(decision.standings)} stakes of {room.stake}"),
        ("fee", decision.fee, fee, f"{room.fee_bps} hundredths of a per cent of {pool}, rounded down"),
        ("prize", decision.prize, pool - fee, f"{pool} without the fee of {fee}"),
    ):
        if value != due:
            yield Finding(f"decision.{name}", f"{value}, but {how if settled else 'a refunded room'} makes {due}")


def _expected(record: Record) -> dict[str, tuple[str, dict[str, int]]]:
    """Kind and legs of every transfer that must be there, by key."""
    room, decision = record.room, record.decision
    decided = {line.user_id for line in decision.standings}
    expected: dict[str, tuple[str, dict[str, int]]] = {}
    for player in record.players:
        account = f"player:{player.user_id}"
        if player.user_id not in decision.payouts:
            continue  # its stake had gone back before the decision; checked with the transfers of others
        expected[f"stake:{player.seat_id}"] = ("stake", {account: -room.stake, "escrow": room.stake})
        if decision.winner is None or player.user_id not in decided:
            expected[f"refund:{player.seat_id}"] = ("refund", {account: room.stake, "escrow": -room.stake})
    if decision.winner is not None:
        to_fee = "house" if room.organizer_id is None else f"player:{room.organizer_id}"
        legs = {"escrow": -decision.pool, f"player:{decision.winner}": decision.prize, to_fee: decision.fee}
        expected[f"settle:{room.room_id}"] = ("settle", {name: amount for name, amount in legs.items() if amount})
    return expected


def _check_transfers(record: Record) -> Iterator[Finding]:
    expected = _expected(record)
    seen: dict[str, int] = {}
    sums: Counter[str] = Counter()
    strangers: dict[str, list[int]] = defaultdict(list)
    if len({transfer.transfer_id for transfer in record.transfers}) < len(record.transfers):
        yield Finding("transfers", "two transfers have the same number")
    for number, transfer in enumerate(record.transfers):
        where = f"transfers[{number}]"
        legs = {leg.account: leg.amount for leg in transfer.legs}
        for leg in transfer.legs:
            sums[leg.account] += leg.amount
        if sum(leg.amount for leg in transfer.legs) != 0:
            yield Finding(f"{where}.legs", f"sum to {sum(leg.amount for leg in transfer.legs)}, not to zero")
        if transfer.key in seen:
            yield Finding(f"{where}.key", f"{transfer.key} was used before")
        seen[transfer.key] = number
        if transfer.transfer_id < 1:
            yield Finding(f"{where}.transfer_id", "the ledger numbers its transfers from 1 on")
        due = expected.get(transfer.key)
        if due is not None:
            yield from _compare(where, transfer, legs, due)
        else:
            kind, _, seat_id = transfer.key.partition(":")
            if kind not in ("stake", "refund") or kind != transfer.kind:
                yield Finding(f"{where}.key", f"{transfer.key} does not belong to this game")
            strangers[seat_id].append(legs.get("escrow", 0))
        if (transfer.kind == "refund") != (transfer.reason is not None):
            yield Finding(f"{where}.reason", "refunds have a reason, and nothing else does")
    for key in expected.keys() - seen.keys():
        yield Finding("transfers", f"{key} is missing")
    for seat_id, amounts in strangers.items():
        if sorted(amounts) != [-record.room.stake, record.room.stake]:
            yield Finding("transfers", f"the stake of seat {seat_id}, which did not play, did not come and go")
    if sums["escrow"] != 0:
        yield Finding("transfers", f"leave {sums['escrow']} Stars in the room's escrow")


def _compare(
    where: str, transfer: Transfer, legs: dict[str, int], due: tuple[str, dict[str, int]]
) -> Iterator[Finding]:
    kind, amounts = due
    if transfer.kind != kind:
        yield Finding(f"{where}.kind", f"{transfer.kind}, but its key says {kind}")
    for account in sorted(legs.keys() | amounts.keys()):
        if legs.get(account, 0) != amounts.get(account, 0):
            yield Finding(
                f"{where}.legs", f"{account}: {legs.get(account, 0)} Stars where {amounts.get(account, 0)} are due"
            )
    if len(legs) != len(transfer.legs):
        yield Finding(f"{where}.legs", "name an account twice")


def _check_payouts(record: Record) -> Iterator[Finding]:
    """What everybody got is what the transfers of the decision brought."""
    room, decision = record.room, record.decision
    decided = {line.user_id for line in decision.standings}
    due: dict[str, int] = {}
    for player in record.players:
        if player.user_id in decision.payouts:
            back = decision.winner is None or player.user_id not in decided
            due[player.user_id] = room.stake if back else 0
    if decision.winner is not None:
        due[decision.winner] = decision.prize
    if room.organizer_id is not None:
        due[room.organizer_id] = decision.fee
    seats = {player.seat_id for player in record.players}
    returned = {
        leg.account.removeprefix("player:"): leg.amount
        for transfer in record.transfers
        if transfer.kind == "refund" and transfer.key.removeprefix("refund:") not in seats
        for leg in transfer.legs
    }
    for user_id in sorted(due.keys() | decision.payouts.keys()):
        paid = decision.payouts.get(user_id)
        if paid is not None and user_id not in due and paid == returned.get(user_id):
            continue  # paid for a seat that the live game did not know
        if paid != due.get(user_id):
            yield Finding(f"decision.payouts.{user_id}", f"{paid} where {due.get(user_id)} is due")
    for line in decision.standings:
        if line.user_id not in decision.payouts:
            yield Finding(
                f"decision.payouts.{line.user_id}", "a player of the result was paid neither prize nor nothing"
            )
