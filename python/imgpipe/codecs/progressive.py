"""What a decode to one eighth, or to luma alone, needs of a progressive JPEG.

At 1/8 a block becomes one pixel, which its DC coefficient alone decides; only subsampled colours,
whose blocks become more than one, need their AC coefficients. Luma needs none of the colours'. The
scans of all others, at 1/8 most of the file, are left out, and a scan that says "nothing but zeros"
stands in for them, so that the decoder knows every coefficient and guesses at none by smoothing.
The pixels are the same bit for bit.

Damage within what is left out goes unnoticed, as these pixels show nothing of it. A file that ends
early, or that lacks a scan, is not touched, so that the decoder finds what it always has.

ITU-T T.81, annexes B and G.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_SOF2, _DHT, _EOI, _SOS, _DQT, _DRI = 0xC2, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD
_HARMLESS = {_DHT, _DQT, _DRI, *range(0xE0, 0xF0), 0xFE}
_AFTER_SCAN = re.compile(rb"\xff[^\x00]")  # within one, 0xFF is followed by 0
_UNSEEN = -1
# "2^n blocks end here, and as many more as the next n bits say", n from 0 to 14, each of 4 bits.
_RUN_CODES = bytes([0xFF, _DHT, 0, 34, 0x10, 0, 0, 0, 15, *[0] * 12, *range(0x00, 0xF0, 0x10)])
_LONGEST_RUN = 0x7FFF


# Whether a component's AC coefficients are not needed: if it is luma, if it is not subsampled.
_Spares = Callable[[bool, bool], bool]


class _Unusual(Exception):
    """The file had better be left to the decoder as it is."""


@dataclass(slots=True)
class _Component:
    """`blocks` in a scan of its own; `spared` where its AC coefficients are not needed.

    `lacking` is how many low bits of each coefficient the scans so far have left open.
    """

    blocks: int
    spared: bool
    lacking: list[int] = field(default_factory=lambda: [_UNSEEN] * 64)


def for_eighth(data: bytes, *, grey: bool = False) -> bytes:
    """A JPEG that decodes at 1/8 to the pixels of `data`; for `grey`, to its luma.

    It is `data` itself unless that is progressive, with every scan there once and whole, and
    without restart intervals or whatever else is seldom seen.
    """
    return _shortened(data, lambda luma, whole: grey or whole)


def for_luma(data: bytes) -> bytes:
    """A JPEG that decodes, at any scale, to the luma of `data`; itself as for `for_eighth`."""
    return _shortened(data, lambda luma, whole: not luma)


def _shortened(data: bytes, spares: _Spares) -> bytes:
    try:
        return _without_spared(data, spares)
    except (_Unusual, LookupError, struct.error):
        return data


def _without_spared(data: bytes, spares: _Spares) -> bytes:
    whole = memoryview(data)
    kept = [whole[:2]]
    components: dict[int, _Component] = {}
    for marker, start, body, end in _parts(data):
        if marker == _SOF2 and not components:
            components = _components(body, spares)
        elif marker == _SOS:
            if _follow(body, components):
                continue
        elif marker not in _HARMLESS or (marker == _DRI and any(body)):
            raise _Unusual
        kept.append(whole[start:end])
    if not components or any(any(one.lacking) for one in components.values()):
        raise _Unusual
    zeros = [_zeros(name, one.blocks) for name, one in components.items() if one.spared]
    return b"".join([*kept, _RUN_CODES, *zeros, bytes([0xFF, _EOI])])


def _parts(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """(marker, start, body, end) of each segment up to EOI, a scan's coded data being within."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise _Unusual
        marker = data[at + 1]
        if marker == _EOI:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : end]
        if marker == _SOS:
            after = _AFTER_SCAN.search(data, end)
            if after is None:
                raise _Unusual
            end = after.start()
        yield marker, at, body, end
        at = end


def _components(frame: bytes, spares: _Spares) -> dict[int, _Component]:
    depth, height, width, count = struct.unpack_from(">BHHB", frame)
    factors = {frame[at]: divmod(frame[at + 1], 16) for at in range(6, 6 + 3 * count, 3)}
    if depth != 8 or count not in (1, 3) or len(factors) != count:
        raise _Unusual
    if not all(map(all, factors.values())):
        raise _Unusual
    if bytes(factors) == b"RGB":  # which decoders take at their word: no component is luma
        raise _Unusual
    across, down = (max(pair[axis] for pair in factors.values()) for axis in (0, 1))
    return {
        name: _Component(
            blocks=-(-width * h // (8 * across)) * -(-height * v // (8 * down)),
            spared=spares(number == 0, (h, v) == (across, down)),
        )
        for number, (name, (h, v)) in enumerate(factors.items())
    }


def _follow(scan: bytes, components: dict[int, _Component]) -> bool:
    """Note what a scan tells, and say whether it is one to leave out."""
    count = scan[0]
    named = [components[scan[at]] for at in range(1, 1 + 2 * count, 2)]
    first, last = scan[1 + 2 * count], scan[2 + 2 * count]
    before, after = divmod(scan[3 + 2 * count], 16)
    of_one = count == 1 and first <= last < 64 and named[0].lacking[0] != _UNSEEN
    refines = after == before - 1
    if not (last == 0 if first == 0 else of_one) or not (before == 0 or refines):
        raise _Unusual
    for one in named:
        if set(one.lacking[first : last + 1]) != {before or _UNSEEN}:
            raise _Unusual
        one.lacking[first : last + 1] = [after] * (last + 1 - first)
    return first > 0 and named[0].spared


def _zeros(name: int, blocks: int) -> bytes:
    """A scan in which all AC coefficients of a component's blocks are zero."""
    bits = ""
    while blocks:
        run = min(blocks, _LONGEST_RUN)
        power = run.bit_length() - 1
        bits += f"{power:04b}" + f"{run:b}"[1:]
        blocks -= run
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")
    return struct.pack(">BBHBBBBBB", 0xFF, _SOS, 8, 1, name, 0, 1, 63, 0) + coded
