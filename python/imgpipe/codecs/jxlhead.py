"""The header of a JPEG XL: ISO/IEC 18181-1, annexes D and E."""

from dataclasses import dataclass

from imgpipe.codecs.jxlbox import codestream

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_ALPHA, _SPOT, _CFA = 0, 2, 5
_GREY = 1
_D65, _SRGB_PRIMARIES = 1, 1
SRGB, LINEAR, OTHER = 13, 8, -1


@dataclass(frozen=True, slots=True)
class JxlHead:
    """A picture's size as it is stored, and what its samples are.

    `curve` is how numbers mean light, `SRGB`, `LINEAR` or OTHER, where colours are sRGB's or grey;
    `curve_at` is the bit of the codestream at which that is told, or 0.
    """

    width: int
    height: int
    orientation: int = 1
    depth: int = 8
    is_real: bool = False
    is_animated: bool = False
    extra_channels: int = 0
    is_grey: bool = False
    curve: int = SRGB
    curve_at: int = 0


class _Bits:
    """Numbers of some bits, the lowest first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)
        self.at = 0

    def __call__(self, count: int) -> int:
        if count > self._left:
            raise ValueError("a header that is cut short")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        self.at += count
        return value

    def one_of(self, *choices: tuple[int, int]) -> int:
        """U32: one of four ways to tell a number, each an offset and bits that are added."""
        offset, count = choices[self(2)]
        return offset + self(count)

    def enum(self) -> int:
        return self.one_of((0, 0), (1, 0), (2, 4), (18, 6))


def read_head(data: bytes) -> JxlHead:
    """What the header tells. Raises ValueError where it makes no sense."""
    bits = _Bits(codestream(data)[1][2:4096])
    width, height = _size(bits)
    if bits(1):  # all as usual
        return JxlHead(width, height)
    orientation, animated = 1, False
    if bits(1):
        orientation = 1 + bits(3)
        if bits(1):
            _size(bits)
        if bits(1):
            _preview(bits)
        if animated := bool(bits(1)):
            _animation(bits)
    depth, real = _depth(bits)
    bits(1)
    extra = bits.one_of((0, 0), (1, 0), (2, 4), (1, 12))
    for _ in range(extra):
        _extra_channel(bits)
    bits(1)
    grey, curve, curve_at = _colours(bits)
    return JxlHead(
        *(width, height, orientation, depth, real, animated, extra), grey, curve, curve_at
    )


def with_srgb_curve(data: bytes) -> bytes:
    """A file that takes its numbers for light, with a header that takes them for sRGB's.

    Both are told in as many bits, which nothing else depends on where pixels are kept without loss.
    """
    found = read_head(data)
    if found.curve != LINEAR:
        return data
    start, _ = codestream(data)
    at = 8 * (start + 2) + found.curve_at + 2  # behind the choice of how it is told
    changed = int.from_bytes(data[at // 8 : at // 8 + 2], "little")
    changed ^= ((LINEAR - 2) ^ (SRGB - 2)) << at % 8
    return data[: at // 8] + changed.to_bytes(2, "little") + data[at // 8 + 2 :]


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits(1)
    height = _side(bits, small)
    ratio = bits(3)
    if not ratio:
        return _side(bits, small), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _side(bits: _Bits, small: int) -> int:
    return 8 * (1 + bits(5)) if small else 1 + bits.one_of((0, 9), (0, 13), (0, 18), (0, 30))


def _preview(bits: _Bits) -> None:
    in_eights = bits(1)
    if in_eights:
        choices = ((16, 0), (32, 0), (1, 5), (33, 9))
    else:
        choices = ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.one_of(*choices)
    if not bits(3):
        bits.one_of(*choices)


def _animation(bits: _Bits) -> None:
    bits.one_of((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.one_of((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.one_of((0, 0), (0, 3), (0, 16), (0, 32))
    bits(1)


def _depth(bits: _Bits) -> tuple[int, bool]:
    if bits(1):
        depth = bits.one_of((32, 0), (16, 0), (24, 0), (1, 6))
        bits(4)
        return depth, True
    return bits.one_of((8, 0), (10, 0), (12, 0), (1, 6)), False


def _extra_channel(bits: _Bits) -> None:
    if bits(1):
        return
    kind = bits.enum()
    _depth(bits)
    bits.one_of((0, 0), (3, 0), (4, 0), (1, 3))
    for _ in range(bits.one_of((0, 0), (0, 4), (16, 5), (48, 10))):
        bits(8)
    if kind == _ALPHA:
        bits(1)
    elif kind == _SPOT:
        bits(64)
    elif kind == _CFA:
        bits.one_of((1, 0), (0, 2), (3, 4), (19, 8))


def _colours(bits: _Bits) -> tuple[bool, int, int]:
    """Whether there is only grey, the curve, and where it is told."""
    if bits(1):
        return False, SRGB, 0
    profile, space = bits(1), bits.enum()
    grey = space == _GREY
    if profile or space > _GREY or bits.enum() != _D65:
        return grey, OTHER, 0
    if not grey and bits.enum() != _SRGB_PRIMARIES:
        return grey, OTHER, 0
    if bits(1):
        return grey, OTHER, 0
    at = bits.at
    curve = bits.enum()
    return grey, curve if curve in (SRGB, LINEAR) else OTHER, at
