"""The header of a JPEG XL: ISO/IEC 18181-1, annexes D and E."""

from dataclasses import dataclass

from imgpipe.codecs.jxlbits import HALF, Bits
from imgpipe.codecs.jxlbox import codestream

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_ALPHA, _SPOT, _CFA = 0, 2, 5
_GREY, _XYB = 1, 2
_D65, _SRGB_PRIMARIES, _CUSTOM = 1, 1, 2
_MOST = 8192  # bytes that are looked at
_WEIGHTS = (15, 55, 210)  # of an upsampling by 2, 4 and 8
SRGB, LINEAR, OTHER = 13, 8, -1


@dataclass(frozen=True, slots=True)
class Animation:
    """How long a tick is, in seconds, how often all is played, and whether frames tell a time."""

    tick: float
    loops: int
    has_timecodes: bool


@dataclass(frozen=True, slots=True)
class JxlHead:
    """A picture's size as it is stored, and what its samples are.

    `curve` is how numbers mean light, `SRGB`, `LINEAR` or OTHER, where colours are sRGB's or grey;
    `curve_at` is the bit of the codestream at which that is told, or 0. `frames_at` is the byte at
    which its frames begin, 0 where what comes before them is coded. `is_associated` says that
    alpha has been multiplied into colours.
    """

    width: int
    height: int
    orientation: int = 1
    depth: int = 8
    is_real: bool = False
    animation: Animation | None = None
    extra_channels: int = 0
    is_grey: bool = False
    is_xyb: bool = True
    curve: int = SRGB
    curve_at: int = 0
    frames_at: int = 0
    is_associated: bool = False


def read_head(data: bytes) -> JxlHead:
    """What the header tells. Raises ValueError where it makes no sense."""
    bits = Bits(codestream(data, _MOST)[1][:_MOST], 8 * 2)
    width, height = _size(bits)
    if bits(1):  # all as usual
        return JxlHead(width, height)
    orientation, preview, animation = 1, False, None
    more = bits(1)
    if more:
        orientation = 1 + bits(3)
        if bits(1):
            _size(bits)
        if preview := bool(bits(1)):
            _preview(bits)
        if bits(1):
            animation = _animation(bits)
    depth, real = _depth(bits)
    bits(1)
    extra = bits.one_of((0, 0), (1, 0), (2, 4), (1, 12))
    associated = [_extra_channel(bits) for _ in range(extra)]
    xyb = bool(bits(1))
    grey, profile, curve, curve_at = _colours(bits)
    frames_at = 0 if profile or preview else _frames_at(bits, xyb, bool(more))
    return JxlHead(
        *(width, height, orientation, depth, real, animation, extra),
        *(grey, xyb, curve, curve_at, frames_at, any(associated)),
    )


def with_srgb_curve(data: bytes) -> bytes:
    """A file that takes its numbers for light, with a header that takes them for sRGB's.

    Both are told in as many bits, which nothing else depends on where pixels are kept without loss.
    """
    found = read_head(data)
    if found.curve != LINEAR:
        return data
    start, _ = codestream(data, 1)
    at = 8 * start + found.curve_at + 2  # behind the choice of how it is told
    changed = int.from_bytes(data[at // 8 : at // 8 + 2], "little")
    changed ^= ((LINEAR - 2) ^ (SRGB - 2)) << at % 8
    return data[: at // 8] + changed.to_bytes(2, "little") + data[at // 8 + 2 :]


def _size(bits: Bits) -> tuple[int, int]:
    small = bits(1)
    height = _side(bits, small)
    ratio = bits(3)
    if not ratio:
        return _side(bits, small), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _side(bits: Bits, small: int) -> int:
    return 8 * (1 + bits(5)) if small else 1 + bits.one_of((0, 9), (0, 13), (0, 18), (0, 30))


def _preview(bits: Bits) -> None:
    in_eights = bits(1)
    if in_eights:
        choices = ((16, 0), (32, 0), (1, 5), (33, 9))
    else:
        choices = ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.one_of(*choices)
    if not bits(3):
        bits.one_of(*choices)


def _animation(bits: Bits) -> Animation:
    ticks = bits.one_of((100, 0), (1000, 0), (1, 10), (1, 30))
    seconds = bits.one_of((1, 0), (1001, 0), (1, 8), (1, 10))
    loops = bits.one_of((0, 0), (0, 3), (0, 16), (0, 32))
    return Animation(seconds / ticks, loops, bool(bits(1)))


def _depth(bits: Bits) -> tuple[int, bool]:
    if bits(1):
        depth = bits.one_of((32, 0), (16, 0), (24, 0), (1, 6))
        bits(4)
        return depth, True
    return bits.one_of((8, 0), (10, 0), (12, 0), (1, 6)), False


def _extra_channel(bits: Bits) -> bool:
    """Whether it is alpha that has been multiplied into colours."""
    if bits(1):
        return False
    kind = bits.enum()
    _depth(bits)
    bits.one_of((0, 0), (3, 0), (4, 0), (1, 3))
    bits.skip(8 * bits.one_of((0, 0), (0, 4), (16, 5), (48, 10)))  # a name
    if kind == _ALPHA:
        return bool(bits(1))
    if kind == _SPOT:
        bits.skip(4 * HALF)
    elif kind == _CFA:
        bits.one_of((1, 0), (0, 2), (3, 4), (19, 8))
    return False


def _colours(bits: Bits) -> tuple[bool, bool, int, int]:
    """Whether there is only grey, whether a profile follows, the curve, and where it is told."""
    if bits(1):
        return False, False, SRGB, 0
    profile, space = bool(bits(1)), bits.enum()
    grey = space == _GREY
    if profile:
        return grey, True, OTHER, 0
    white = _D65 if space == _XYB else _chromaticity(bits, 1)
    primaries = _SRGB_PRIMARIES if space in (_GREY, _XYB) else _chromaticity(bits, 3)
    at, curve = 0, OTHER
    if space != _XYB:
        if bits(1):
            bits(24)  # a gamma
        else:
            at, curve = bits.at, bits.enum()
    bits.enum()  # the intent
    usual = space <= _GREY and (white, primaries) == (_D65, _SRGB_PRIMARIES)
    return grey, False, curve if usual and curve in (SRGB, LINEAR) else OTHER, at


def _chromaticity(bits: Bits, points: int) -> int:
    choice = bits.enum()
    for _ in range(2 * points if choice == _CUSTOM else 0):
        bits.one_of((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
    return choice


def _frames_at(bits: Bits, xyb: bool, more: bool) -> int:
    """The byte behind the rest of the header: tones, and how colours and sizes are made."""
    if more and not bits(1):
        bits.skip(2 * HALF + 1 + HALF)
    bits.skip_extensions()
    if not bits(1):
        if xyb and not bits(1):
            bits.skip(16 * HALF)
        chosen = bits(3)
        bits.skip(sum(HALF * count for i, count in enumerate(_WEIGHTS) if chosen >> i & 1))
    bits.align()
    return bits.at // 8
