"""The door to scans: nothing but sense gets through, and no scan reads or writes outside memory."""

import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import _scans

EVERY_BYTE = bytes([*[0] * 7, 254, 1, *[0] * 7]) + bytes(
    range(255)
)  # symbols of eight and nine bits
DC = bytes([0, 0, 0, 12, *[0] * 12, *range(12)])
COMPONENT = 1, 1, 2, 2, DC, EVERY_BYTE
SCAN = 0, 1, [0], 0, 0, 0, 0, [DC]


def sequential(data=b"\0", mcus=(2, 2), components=(COMPONENT,), alone=-1, scans=(SCAN,)):
    return _scans.sequential(data, mcus, list(components), alone, list(scans), b"head")


def test_four_blocks_without_a_difference() -> None:
    """Four code words of four bits, the first for no difference: more than a byte of them."""
    assert sequential() is None
    made = sequential(b"\0\0", scans=[(0, 2, *SCAN[2:])])
    assert made.startswith(b"head")
    assert made.endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mcus": (0, 1)}, "MCUs each way"),
        ({"mcus": (1, 8193)}, "MCUs each way"),
        ({"components": []}, "one to three components"),
        ({"components": [COMPONENT] * 4}, "one to three components"),
        ({"components": [(0, *COMPONENT[1:])]}, "blocks of a component"),
        ({"components": [(1, 5, *COMPONENT[2:])]}, "blocks of a component"),
        ({"components": [(1, 1, 3, 2, DC, DC)]}, "as many blocks"),
        ({"components": [(1, 1, 2, 0, DC, DC)]}, "as many blocks"),
        ({"components": [(1, 1, 2, 2, DC[:-1], DC)]}, "a Huffman table"),
        ({"components": [(1, 1, 2, 2, DC, DC[:15])]}, "a Huffman table"),
        ({"components": [(1, 1, 2, 2, DC, bytes([255, 2]) + bytes(271))]}, "a Huffman table"),
        ({"alone": 1}, "to be alone"),
        ({"alone": -2}, "to be alone"),
        ({"scans": [(0, 2, *SCAN[2:])]}, "within the data"),
        ({"scans": [(-1, 1, *SCAN[2:])]}, "within the data"),
        ({"scans": [(1, 0, *SCAN[2:])]}, "within the data"),
        ({"scans": [(0, 1, [], 0, 0, 0, 0, [])]}, "one component"),
        ({"scans": [(0, 1, [0, 0], 0, 0, 0, 0, [DC, DC])]}, "one component"),
        ({"scans": [(0, 1, [1], 0, 0, 0, 0, [DC])]}, "component of the frame"),
        ({"scans": [(0, 1, [-1], 0, 0, 0, 0, [DC])]}, "component of the frame"),
        ({"scans": [(0, 1, [0], 1, 64, 0, 0, [DC])]}, "of 0 to 63"),
        ({"scans": [(0, 1, [0], 5, 4, 0, 0, [DC])]}, "of 0 to 63"),
        ({"scans": [(0, 1, [0], 0, 0, 0, 14, [DC])]}, "bits of 0 to 13"),
        ({"scans": [(0, 1, [0], 0, 0, 0, 0, [b""])]}, "a Huffman table"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sequential(**given)


@st.composite
def tables(draw) -> bytes:
    if draw(st.booleans()):
        return EVERY_BYTE
    counts = draw(st.lists(st.integers(0, 12), min_size=16, max_size=16))
    return bytes(counts) + draw(st.binary(min_size=sum(counts), max_size=sum(counts)))


@st.composite
def scans(draw, data: bytes, count: int) -> tuple:
    start = draw(st.integers(0, len(data)))
    first = draw(st.integers(0, 63))
    most = 1 if first else count
    named = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=most))
    last, before = draw(st.integers(first, 63)), draw(st.integers(0, 14))
    bits = before, before - 1 if before else draw(st.integers(0, 13))
    end = draw(st.integers(start, len(data)))
    return start, end, named, first, last, *bits, [draw(tables()) for _ in named]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.binary(max_size=400), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))
def test_memory_is_kept_to_whatever_scans_say(data, coded, count, across, down) -> None:
    factors = st.integers(1, 4)
    components = []
    for _ in range(count):
        h, v = data.draw(factors), data.draw(factors)
        size = data.draw(st.integers(1, across * h)), data.draw(st.integers(1, down * v))
        components.append((h, v, *size, data.draw(tables()), data.draw(tables())))
    told = data.draw(st.lists(scans(coded, count), max_size=5))
    alone = data.draw(st.integers(-1, count - 1))
    made = sequential(coded, (across, down), components, alone, told)
    assert made is None or made.startswith(b"head")
