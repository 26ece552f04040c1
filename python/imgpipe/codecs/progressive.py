"""A progressive JPEG as a sequential one, with what a decode needs of it.

A decoder holds all coefficients of a progressive picture and goes through them once for each scan.
Here all scans are read side by side and written as one, a row at a time: the same coefficients, and
so the same pixels bit for bit, sooner, and in little memory.

At 1/8 a block becomes one pixel, which its DC coefficient alone decides; only subsampled colours,
whose blocks become more than one, need their AC coefficients. Luma needs none of the colours'. The
scans of all others, at 1/8 most of the file, are left out.

Damage within what is left out goes unnoticed, as these pixels show nothing of it. A file that is
not whole, or has anything unusual about it, is not touched, so that the decoder finds what it
always has.

ITU-T T.81, annexes B and G, tables K.3 to K.6.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from imgpipe import _scans
from imgpipe.codecs.markers import segment

BESIDES = 1 << 20  # bytes that may be taken whatever the picture

_SOF1, _SOF2, _DHT, _EOI, _SOS, _DQT, _DRI = 0xC1, 0xC2, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD
_KEPT = {0xE0, 0xE2, 0xEE, _DQT}  # what decoders look at: JFIF, ICC, Adobe, quantization tables
_SILENT = {*range(0xE0, 0xF0), 0xFE} - _KEPT
_NO_RESTARTS = b"\0\0"
_AC = 0x10  # and the number of a table of AC, which one of DC has alone
_AFTER_SCAN = re.compile(rb"\xff[^\x00]")  # within one, 0xFF is followed by 0
_UNSEEN = -1
_OPEN_BITS = 13  # are the most that a scan may leave
_BLOCKS = 10  # are the most in an MCU
_DC_SYMBOL = 15  # is the largest
_CODES_MOST = 256  # in a table
_BLOCK_BYTES = 128  # that a decoder holds of coefficients
_SCAN_BYTES = 8192  # that are held of each scan beside its data
_ENDS_BYTES = 1024  # of room that may stay empty
_NO_TABLE = bytes(16)
_CODES = [  # Huffman tables of DC and AC, for luma and for colours, that libjpeg too writes with
    (bytes.fromhex(dc), bytes.fromhex(ac))
    for dc, ac in (
        (
            "00010501010101010100000000000000000102030405060708090a0b",
            "0002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c1"
            "1552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a53545556575859"
            "5a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2"
            "b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8"
            "f9fa",
        ),
        (
            "00030101010101010101010000000000000102030405060708090a0b",
            "0002010204040304070504040001027700010203110405213106124151076171132232810814429"
            "1a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a43444546474849"
            "4a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798"
            "999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4"
            "e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
        ),
    )
]

# Numbers of components, first and last coefficient, bits before and after, Huffman tables; and the
# same with where a scan's data start and end.
_Told = tuple[list[int], int, int, int, int, list[bytes]]
_Scan = tuple[int, int, *_Told]
# The arguments of `_scans.sequential` behind the data.
_Block = tuple[int, int, int, int, bytes, bytes]
_Asked = tuple[tuple[int, int], list[_Block], int, list[_Scan], bytes, int]


class _Unusual(Exception):
    """The file had better be left to the decoder as it is."""


@dataclass(slots=True)
class _Component:
    """`h` and `v` blocks in an MCU, `across` and `down` in a scan of its own.

    `spared` where its AC coefficients are not needed. `lacking` is how many low bits of each
    coefficient the scans so far have left open.
    """

    number: int
    h: int
    v: int
    across: int
    down: int
    spared: bool
    lacking: list[int] = field(default_factory=lambda: [_UNSEEN] * 64)


@dataclass(frozen=True, slots=True)
class _Frame:
    body: bytes
    mcus: tuple[int, int]
    components: dict[int, _Component]
    luma_alone: bool


def sequential(data: bytes, *, grey: bool = False, eighth: bool = False) -> bytes:
    """A sequential JPEG that decodes to the pixels of `data`.

    For `grey` it has the first component alone, which the caller knows to be luma, for `eighth`
    only what shows at 1/8. It is `data` itself unless that is progressive, with every scan there
    once and whole, and without restart intervals or whatever else is seldom seen. No more memory is
    taken than a decoder takes for the coefficients of `data`, and `BESIDES`.
    """
    try:
        asked = scans_of(data, grey, eighth)
    except (_Unusual, LookupError, struct.error):
        return data
    made = _scans.sequential(data, *asked)
    return data if made is None else made


def scans_of(data: bytes, grey: bool, eighth: bool) -> _Asked:
    """What is asked of `_scans.sequential` about `data`. Raises an error for what is unusual."""
    head = [data[:2]]
    frame: _Frame | None = None
    tables: dict[int, bytes] = {}
    quantizers: set[int] = set()
    scans: list[_Scan] = []
    scanned = False
    for marker, start, body, end in _parts(data):
        if marker == _SOF2 and frame is None:
            frame = _frame(body, grey, eighth)
        elif marker == _SOS and frame is not None:
            scanned = True
            if told := _told(body, frame.components, tables):
                scans.append((start + 4 + len(body), end, *told))
        elif marker == _DHT:
            tables |= _tables(body)
        elif marker in _KEPT and not scanned:
            head.append(data[start:end])
            quantizers |= _quantizers(body) if marker == _DQT else set()
        elif marker not in _SILENT and (marker != _DRI or body != _NO_RESTARTS):
            raise _Unusual
    if frame is None or not quantizers.issuperset(frame.body[8::3]):
        raise _Unusual
    components = frame.components.values()
    if any(any(one.lacking) for one in components):
        raise _Unusual
    blocks = [(one.h, one.v, one.across, one.down, *_CODES[one.number > 0]) for one in components]
    made = b"".join([*head, _head(frame)])
    alone = 0 if frame.luma_alone else -1
    room = _room(sum(one.across * one.down for one in components), scans)
    return frame.mcus, blocks, alone, scans, made, len(made) + room


def _room(blocks: int, scans: list[_Scan]) -> int:
    """Bytes for what is made: a little more than most files need, within what may be held."""
    coded = sum(end - start for start, end, *_ in scans)
    held = blocks * _BLOCK_BYTES + BESIDES
    most = min(held // 2, held - coded - len(scans) * _SCAN_BYTES)
    if most < 0:
        raise _Unusual
    return min(most, coded + coded // 4 + 2 * blocks + _ENDS_BYTES)


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


def _frame(body: bytes, grey: bool, eighth: bool) -> _Frame:
    depth, height, width, count = struct.unpack_from(">BHHB", body)
    described = [body[at : at + 3] for at in range(6, len(body), 3)]
    names = bytes(one[0] for one in described)
    factors = [divmod(one[1], 16) for one in described]
    if depth != 8 or not (height and width) or len(body) != 6 + 3 * count:
        raise _Unusual
    if count not in (1, 3) or not len(described) == len(set(names)) == count:
        raise _Unusual
    if not all(0 < h <= 4 and 0 < v <= 4 for h, v in factors):
        raise _Unusual
    if names == b"RGB":  # which decoders take at their word: no component is luma
        raise _Unusual
    across, down = (max(pair[axis] for pair in factors) for axis in (0, 1))
    components = []
    for number, (h, v) in enumerate(factors):
        spared = (eighth and (h, v) == (across, down)) or (grey and number > 0)
        blocks = -(-width * h // (8 * across)), -(-height * v // (8 * down))
        in_mcu = (h, v) if count > 1 else (1, 1)
        components.append(_Component(number, *in_mcu, *blocks, spared))
    luma = components[0]
    if sum(one.h * one.v for one in components) > _BLOCKS:
        raise _Unusual
    if grey and factors[0] != (across, down):
        raise _Unusual
    mcus = -(-luma.across // luma.h), -(-luma.down // luma.v)
    return _Frame(body, mcus, dict(zip(names, components, strict=True)), grey and count > 1)


def _tables(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Huffman tables with their class and number."""
    at = 0
    while at < len(body):
        count = sum(body[at + 1 : at + 17])
        end = at + 17 + count
        if end > len(body) or count > _CODES_MOST or body[at] & ~(_AC | 3):
            raise _Unusual
        if body[at] < _AC and max(body[at + 17 : end], default=0) > _DC_SYMBOL:
            raise _Unusual
        yield body[at], body[at + 1 : end]
        at = end


def _quantizers(body: bytes) -> set[int]:
    """The numbers of quantization tables."""
    found, at = set(), 0
    while at < len(body):
        found.add(body[at] & 15)
        at += 65 if body[at] < 16 else 129
    return found


def _told(body: bytes, components: dict[int, _Component], tables: dict[int, bytes]) -> _Told | None:
    """What a scan tells, by its header, which is noted; None for one to leave out."""
    count = body[0]
    if not count or len(body) != 4 + 2 * count:
        raise _Unusual
    named = [components[body[at]] for at in range(1, 1 + 2 * count, 2)]
    numbers = [one.number for one in named]
    if numbers != sorted(numbers):  # which decoders refuse
        raise _Unusual
    first, last, (before, after) = body[-3], body[-2], divmod(body[-1], 16)
    of_one = count == 1 and first <= last < 64 and named[0].lacking[0] != _UNSEEN
    refines = after == before - 1
    if not (last == 0 if first == 0 else of_one) or not (before == 0 or refines):
        raise _Unusual
    for one in named:
        if after > _OPEN_BITS or set(one.lacking[first : last + 1]) != {before or _UNSEEN}:
            raise _Unusual
        one.lacking[first : last + 1] = [after] * (last + 1 - first)
    if first:
        codes = [tables[_AC | body[2] & 15]]
    elif before:
        codes = [_NO_TABLE] * count
    else:
        codes = [tables[body[at] >> 4] for at in range(2, 2 + 2 * count, 2)]
    spared = first and named[0].spared
    return None if spared else (numbers, first, last, before, after, codes)


def _head(frame: _Frame) -> bytes:
    """A sequential frame, Huffman tables, and the start of its only scan."""
    body, names = frame.body, bytes(frame.components)
    if frame.luma_alone:
        body, names = body[:5] + bytes([1, body[6], 0x11, body[8]]), names[:1]
    numbers = [min(number, 1) for number in range(len(names))]
    codes = b"".join(
        bytes([kind | number]) + table
        for number in sorted(set(numbers))
        for kind, table in zip((0, _AC), _CODES[number], strict=True)
    )
    chosen = b"".join(bytes([n, 0x11 * k]) for n, k in zip(names, numbers, strict=True))
    scan = bytes([len(names)]) + chosen + bytes([0, 63, 0])
    return segment(_SOF1, body) + segment(_DHT, codes) + segment(_SOS, scan)
