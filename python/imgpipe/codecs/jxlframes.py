"""How long each frame of a JPEG XL is shown: ISO/IEC 18181-1, annex F.

Frames follow each other, and where the next one begins is told by the sizes of the parts of each.
"""

from dataclasses import dataclass

from imgpipe.codecs.jxlbits import HALF, Bits
from imgpipe.codecs.jxlbox import codestream
from imgpipe.codecs.jxlhead import Animation, JxlHead

_REGULAR, _LOW, _REFERENCE, _SKIPPED = range(4)  # kinds of frames
_SHOWN = (_REGULAR, _SKIPPED)
_REPLACE, _ADD, _BLEND, _WEIGHTED, _MULTIPLY = range(5)  # what becomes of the frame before
_LOW_IS_A_FRAME = 0x20  # a flag
_MOST_FRAMES, _MOST_PARTS = 2**14, 2**17  # that are counted; films have fewer, or are refused
_FACTORS = (1, 0), (2, 0), (4, 0), (8, 0)
_LEVELS = (1, 0), (2, 0), (3, 0), (4, 0)
_NUMBERS = (0, 0), (1, 0), (2, 0), (3, 0)
_PLACES = (0, 8), (256, 11), (2304, 14), (18688, 30)
_SIZES = (0, 10), (1024, 14), (17408, 22), (4211712, 30)


@dataclass(frozen=True, slots=True)
class _FrameHead:
    """A frame: its size, the sides of its groups, and for how many ticks it is shown."""

    kind: int
    size: tuple[int, int]
    group: int = 256
    passes: int = 1
    ticks: int = 0
    is_last: bool = True

    @property
    def is_shown(self) -> bool:
        return self.kind in _SHOWN and (self.ticks > 0 or self.is_last)

    @property
    def parts(self) -> int:
        """How many parts it is coded in."""
        groups, low_groups = (
            -(-self.size[0] // side) * -(-self.size[1] // side)
            for side in (self.group, 8 * self.group)
        )
        return 1 if groups == self.passes == 1 else 2 + low_groups + groups * self.passes


def durations(data: bytes, head: JxlHead) -> list[float] | None:
    """Milliseconds that each frame of an animation is shown for; None where that cannot be told.

    Raises ValueError for a file that is cut short.
    """
    if not head.animation or not head.frames_at:
        return None
    bits = Bits(codestream(data)[1], 8 * head.frames_at)
    found, parts = [], 0
    for _ in range(_MOST_FRAMES):
        frame = _frame(bits, head, head.animation)
        if frame.is_shown:
            found.append(1000 * frame.ticks * head.animation.tick)
        if frame.is_last:
            return found
        parts += frame.parts
        if parts > _MOST_PARTS or bits(1):  # or they are in a coded order
            return None
        size = _size_of(bits, frame.parts)
        bits.skip(8 * size)
    return None


def _size_of(bits: Bits, parts: int) -> int:
    """Bytes of a frame behind its table of contents."""
    bits.align()
    size = sum(bits.one_of(*_SIZES) for _ in range(parts))
    bits.align()
    return size


def _frame(bits: Bits, head: JxlHead, animation: Animation) -> _FrameHead:
    size = head.width, head.height
    if bits(1):  # all as usual
        return _FrameHead(_REGULAR, size)
    kind, modular, flags = bits(2), bool(bits(1)), bits.long()
    smaller, group = _coding(bits, head, modular, not flags & _LOW_IS_A_FRAME)
    passes = 1 if kind == _REFERENCE else _passes(bits)
    low, part = bits.one_of(*_LEVELS) if kind == _LOW else 0, False
    if kind != _LOW and bits(1):
        size, part = _cut(bits, size, kind)
    ticks, last = _showing(bits, head, animation, kind, part)
    count = bits.one_of((0, 0), (0, 4), (16, 5), (48, 10))
    bits.skip(8 * count)  # a name
    _filters(bits, modular)
    bits.skip_extensions()
    smaller <<= 3 * low
    made_of = -(-size[0] // smaller), -(-size[1] // smaller)
    return _FrameHead(kind, made_of, group, passes, ticks, last)


def _coding(bits: Bits, head: JxlHead, modular: bool, whole: bool) -> tuple[int, int]:
    """By how much smaller a frame is coded, and the side of its groups."""
    luma = not head.is_xyb and bits(1)
    if luma and whole:
        bits(6)
    smaller = bits.one_of(*_FACTORS) if whole else 1
    for _ in range(head.extra_channels if whole else 0):
        bits.one_of(*_FACTORS)
    group = 128 << bits(2) if modular else 256
    if head.is_xyb and not modular:
        bits(6)
    return smaller, group


def _passes(bits: Bits) -> int:
    passes = bits.one_of((1, 0), (2, 0), (3, 0), (4, 3))
    if passes > 1:
        smaller = bits.one_of((0, 0), (1, 0), (2, 0), (3, 1))
        bits(2 * (passes - 1))
        for _ in range(smaller):
            bits.one_of(*_FACTORS)
        for _ in range(smaller):
            bits.one_of((0, 0), (1, 0), (2, 0), (0, 3))
    return passes


def _cut(bits: Bits, size: tuple[int, int], kind: int) -> tuple[tuple[int, int], bool]:
    """A frame's own size, and whether it leaves some of the picture uncovered."""
    at = [0, 0]
    if kind in _SHOWN:
        at = [place // 2 if place % 2 == 0 else -place // 2 for place in _two(bits)]
    own = _two(bits)
    part = any(
        start > 0 or start + side < whole for start, side, whole in zip(at, own, size, strict=True)
    )
    return own, part and kind in _SHOWN


def _two(bits: Bits) -> tuple[int, int]:
    first = bits.one_of(*_PLACES)
    return first, bits.one_of(*_PLACES)


def _showing(
    bits: Bits, head: JxlHead, animation: Animation, kind: int, part: bool
) -> tuple[int, bool]:
    """For how many ticks a frame is shown, and whether it is the last."""
    ticks, last, replaces = 0, False, False
    if kind in _SHOWN:
        replaces = _blending(bits, head.extra_channels, part) == _REPLACE
        for _ in range(head.extra_channels):
            _blending(bits, head.extra_channels, part)
        ticks = bits.one_of((0, 0), (1, 0), (0, 8), (0, 32))
        bits(32 * animation.has_timecodes)
        last = bool(bits(1))
    number = 0 if kind == _LOW or last else bits.one_of(*_NUMBERS)
    taken_up = not last and (ticks == 0 or number > 0)
    if kind == _REFERENCE or (kind in _SHOWN and taken_up and replaces and not part):
        bits(1)
    return ticks, last


def _blending(bits: Bits, extra_channels: int, part: bool) -> int:
    mode = bits.one_of((_REPLACE, 0), (_ADD, 0), (_BLEND, 0), (_WEIGHTED, 2))
    by_alpha = extra_channels > 0 and mode in (_BLEND, _WEIGHTED)
    if by_alpha:
        bits.one_of((0, 0), (1, 0), (2, 0), (3, 3))
    if by_alpha or mode == _MULTIPLY:
        bits(1)
    if part or mode != _REPLACE:
        bits(2)
    return mode


def _filters(bits: Bits, modular: bool) -> None:
    if bits(1):  # all as usual
        return
    if bits(1) and bits(1):
        bits.skip(6 * HALF)
    if bits(2):
        if not modular and bits(1):
            bits.skip(8 * HALF)
        if bits(1):
            bits.skip(5 * HALF)
        if bits(1):
            bits.skip((3 if modular else 4) * HALF)
        bits.skip(HALF * modular)
    bits.skip_extensions()
