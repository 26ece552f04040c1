"""The door to scans: nothing but sense gets through, and no scan reads or writes outside memory."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import _scans
from imgpipe.codecs.progressive import scans_of

from .scans import FACTORS, blocks, scripts, write

EVERY_BYTE = bytes([*[0] * 7, 254, 2, *[0] * 7]) + bytes(range(256))  # in eight or nine bits
DC = bytes([0, 0, 0, 12, *[0] * 12, *range(12)])
COMPONENT = 1, 1, 2, 2, DC, EVERY_BYTE
SCAN = 0, 1, [0], 0, 0, 0, 0, [DC]


def sequential(
    data=b"\0", mcus=(2, 2), components=(COMPONENT,), alone=-1, scans=(SCAN,), most=2000
):
    return _scans.sequential(data, mcus, list(components), alone, list(scans), b"head", most)


def test_four_blocks_without_a_difference() -> None:
    """Four code words of four bits, the first for no difference: more than a byte of them."""
    assert sequential() is None
    scan = 0, 2, *SCAN[2:]
    made = sequential(b"\0\0", scans=[scan])
    assert made.startswith(b"head")
    assert made.endswith(b"\xff\xd9")
    assert sequential(b"\0\0", scans=[scan], most=500) is None


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
        ({"scans": [(0, 1, [0], 0, 0, 0, 0, [])]}, "a table for each"),
        ({"scans": []}, "a scan"),
        ({"most": 3}, "room for the head"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sequential(**given)


@st.composite
def tables(draw) -> bytes:
    if draw(st.booleans()):
        return draw(st.sampled_from([DC, EVERY_BYTE]))
    counts = draw(st.lists(st.integers(0, 12), min_size=16, max_size=16))
    return bytes(counts) + draw(st.binary(min_size=sum(counts), max_size=sum(counts)))


@st.composite
def damaged(draw, scan: tuple, count: int) -> tuple:
    """A scan that says something else of itself."""
    start, end, named, first, last, before, after, codes = scan
    if draw(st.booleans()):
        start, end = draw(st.integers(0, end)), end + draw(st.integers(-40, 40))
    if draw(st.booleans()):
        first, last = draw(st.integers(0, 63)), draw(st.integers(0, 63))
    if draw(st.booleans()):
        before, after = draw(st.integers(0, 14)), draw(st.integers(0, 13))
    if draw(st.booleans()):
        named = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count))
    if draw(st.booleans()):
        codes = [draw(tables()) for _ in named]
    return start, end, named, first, last, before, after, codes


@settings(max_examples=250, deadline=None)
@given(st.data(), st.sampled_from(sorted(FACTORS)), st.integers(1, 40), st.integers(1, 40))
def test_memory_is_kept_to_whatever_scans_say(data, kind: str, width: int, height: int) -> None:
    factors, size = FACTORS[kind], (width, height)
    script = data.draw(scripts(len(factors)))
    made = blocks(np.random.default_rng(width), size, factors)
    whole = write(size, factors, made, script)
    asked = scans_of(whole, data.draw(st.booleans()), data.draw(st.booleans()))
    assert _scans.sequential(whole, *asked)
    harmed, (mcus, components, alone, scans, head, most) = bytearray(whole), asked
    for _ in range(data.draw(st.integers(0, 3))):
        harmed[data.draw(st.integers(0, len(harmed) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        scans = [data.draw(damaged(scan, len(components))) for scan in scans]
    if data.draw(st.booleans()):
        h, v = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
        components = [(h, v, *one[2:]) for one in components]
        mcus = mcus[0] + data.draw(st.integers(0, 9)), mcus[1] + data.draw(st.integers(0, 9))
    most = data.draw(st.integers(len(head), most))
    try:
        found = _scans.sequential(bytes(harmed), mcus, components, alone, scans, head, most)
    except ValueError:
        return
    assert found is None or len(found) <= most
