"""The look-up in the hash list."""

from hypothesis import example, given
from hypothesis import strategies as st

from local.match.hash_list import THRESHOLD, HashListEntry, HashMatch, look_up

hashes = st.integers(0, 2**256 - 1)


def change_bits(known: int, count: int) -> int:
    return known ^ ((1 << count) - 1)


@given(hashes, st.integers(0, 256))
@example(0, 31)
@example(0, 32)
def test_hash_is_found_up_to_the_threshold_only(known: int, changed: int) -> None:
    entry = HashListEntry("Test", "1", (), (known,))

    found = look_up([entry], change_bits(known, changed))

    assert found == ([HashMatch("Test", "1", (), changed)] if changed <= THRESHOLD else [])


def test_nearest_picture_of_a_source_is_returned() -> None:
    far, near = HashListEntry("Test", "far", ("B2",), (0b111,)), HashListEntry("Test", "near", ("A1", "B1"), (0b1,))

    assert look_up([far, near], 0) == [HashMatch("Test", "near", ("A1", "B1"), 1)]


def test_every_matching_source_is_returned_nearest_first() -> None:
    entries = [
        HashListEntry("Emulated", "e", (), (0b111,)),
        HashListEntry("Test", "t", (), (0b1,)),
        HashListEntry("Else", "x", (), (1 << 99,)),
    ]

    assert [found.source for found in look_up(entries, 0)] == ["Test", "Else", "Emulated"]


def test_nearest_orientation_of_a_picture_counts() -> None:
    entry = HashListEntry("Test", "1", (), (2**256 - 1, 0b11, 2**255))

    assert [found.distance for found in look_up([entry], 0)] == [1]


def test_empty_list_has_no_match() -> None:
    assert look_up([], 0) == []
