"""Keys: one slot a partition, an even share for every number of shards."""

from itertools import pairwise

import pytest
import redis

from persistence.redis import keys


@pytest.mark.parametrize("shards", [2, 3, 4, 8, 16])
def test_partitions_spread_evenly(shards: int) -> None:
    edges = [keys.SLOTS * n // shards for n in range(shards + 1)]
    slots = [keys.partition(number).slot for number in range(keys.PARTITIONS)]
    shares = [sum(low <= slot < high for slot in slots) for low, high in pairwise(edges)]
    assert max(shares) - min(shares) <= (1 if shards == 3 else 0)
    assert len(set(slots)) == keys.PARTITIONS


def test_a_room_lies_in_one_slot() -> None:
    room = keys.room("2a0123456789abcd")
    assert {keys.slot_of_key(key) for key in room[1:]} == {room.slot}
    assert room.data == b"ct:{2aw6}:room:2a0123456789abcd:data"
    assert room.channel == b"ct:{2aw6}:room:2a0123456789abcd:live"


def test_slots_are_those_of_the_server(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for key in (
            *keys.room(keys.new_room_id())[1:],
            *keys.lobby(50)[1:],
            *keys.USER_EVENTS_CHANNELS[:3],
            b"a{}b",
            b"{x",
        ):
            assert client.execute_command("CLUSTER", "KEYSLOT", key) == keys.slot_of_key(key)


@pytest.mark.parametrize("text", ["", "4000000000000000", "2a0123456789abc", "2A0123456789abcd", "2a0123456789abcd\n"])
def test_what_is_no_room_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a room id"):
        keys.room(text)


def test_new_room_ids_are_room_ids() -> None:
    made = {keys.new_room_id() for _ in range(500)}
    assert len(made) == 500
    assert len({keys.partition_of(room_id) for room_id in made}) > 55


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("0123456789", "0123456789"),
        (" abcde-fghjk ", "ABCDEFGHJK"),
        ("oO1iIlL-0-00", "0011111000"),
        ("ABCDEFGHJ", None),
        ("ABCDEFGHJKM", None),
        ("ABCDEFGHJU", None),  # no U: it makes words
        ("", None),
        ("ABCDEFGHJ\n", None),
        ("ABCDEFGHJı", None),  # upper-cased it would be an I
        ("АBCDEFGHJK", None),  # a Cyrillic A
    ],
)
def test_a_key_is_read_as_it_was_meant(typed: str, key: str | None) -> None:
    assert keys.normalise_key(typed) == key


def test_a_key_lies_with_the_rooms_of_its_partition() -> None:
    made = {keys.new_room_key() for _ in range(300)}
    assert len(made) == 300
    for key in made:
        assert keys.normalise_key(key) == key
        room = keys.room(keys.new_room_id(keys.partition_of_key(key)))
        assert keys.slot_of_key(keys.room_key(key)) == room.slot
