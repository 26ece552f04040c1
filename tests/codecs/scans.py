"""A small writer of progressive JPEGs, of any coefficients, in scans of any order and cut.

ITU-T T.81, annexes B, F.1.2 and G.1.2, with one code a block where others have runs of them.
"""

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

Blocks = np.ndarray  # (rows, columns, 64), whole numbers in zigzag order


@dataclass(frozen=True)
class Scan:
    """Coefficients `first` to `last` of `components`, from bit `before` (0 for all) to `after`."""

    components: tuple[int, ...]
    first: int = 0
    last: int = 0
    before: int = 0
    after: int = 0


FACTORS = {
    "grey": [(1, 1)],
    "grey of 2x2": [(2, 2)],
    "4:4:4": [(1, 1)] * 3,
    "4:2:2": [(2, 1), (1, 1), (1, 1)],
    "4:4:0": [(1, 2), (1, 1), (1, 1)],
    "4:2:0": [(2, 2), (1, 1), (1, 1)],
}


@st.composite
def scripts(draw, count: int) -> list[Scan]:
    """Scans that tell every bit of every coefficient once: DC first, then bits from the top."""
    depth = st.integers(0, 2)
    together = [tuple(range(count))] if draw(st.booleans()) else [(name,) for name in range(count)]
    lanes = [_lane(group, 0, 0, draw(depth)) for group in together]
    script = [lane.pop(0) for lane in lanes]
    for name in range(count):
        edges = [1, *sorted(draw(st.sets(st.integers(2, 63), max_size=3))), 64]
        for low, high in itertools.pairwise(edges):
            lanes.append(_lane((name,), low, high - 1, draw(depth)))
    while lanes := [lane for lane in lanes if lane]:
        script.append(draw(st.sampled_from(lanes)).pop(0))
    return script


def _lane(components: tuple[int, ...], first: int, last: int, depth: int) -> list[Scan]:
    finer = [Scan(components, first, last, bit, bit - 1) for bit in range(depth, 0, -1)]
    return [Scan(components, first, last, 0, depth), *finer]


def blocks(rng: np.random.Generator, size: tuple[int, int], factors) -> list[Blocks]:
    """Sparse coefficients for each component of `factors`, whole MCUs of them."""
    across, down = (max(pair[axis] for pair in factors) for axis in (0, 1))
    columns, rows = (
        -(-side // (8 * most)) for side, most in zip(size, (across, down), strict=True)
    )
    made = []
    for h, v in factors:
        shape = rows * v, columns * h, 64
        values = rng.integers(-60, 61, shape) * (rng.random(shape) < 0.2)
        values[..., 0] = rng.integers(-500, 501, shape[:2])
        made.append(values)
    return made


def write(size: tuple[int, int], factors, coefficients: Sequence[Blocks], script) -> bytes:
    """A JPEG of `size`, (width, height), whose components have sampling `factors`."""
    frame = struct.pack(">BHHB", 8, size[1], size[0], len(factors))
    for name, (h, v) in enumerate(factors):
        frame += bytes([name, 16 * h + v, 0])
    data = b"\xff\xd8" + _segment(0xDB, bytes([0, *[3] * 64])) + _segment(0xC2, frame)
    data += _segment(0xC4, bytes([0x00, 0, 0, 0, 12, *[0] * 12, *range(12)]))
    data += _segment(0xC4, bytes([0x10, *[0] * 7, 254, *[0] * 8, *range(254)]))
    for scan in script:
        header = bytes([len(scan.components)])
        header += b"".join(bytes([name, 0]) for name in scan.components)
        header += bytes([scan.first, scan.last, 16 * scan.before + scan.after])
        data += _segment(0xDA, header) + _coded(size, factors, coefficients, scan)
    return data + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _coded(size, factors, coefficients, scan: Scan) -> bytes:
    last: dict[int, int] = {}
    bits = []
    for name, block in _order(size, factors, coefficients, scan):
        if scan.first:
            bits += (_refined if scan.before else _banded)(block, scan)
        elif scan.before:
            bits.append(str(int(block[0]) >> scan.after & 1))
        else:
            value = int(block[0]) >> scan.after
            difference, last[name] = value - last.get(name, 0), value
            bits.append(f"{abs(difference).bit_length():04b}" + _magnitude(difference))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8).replace(b"\xff", b"\xff\0")


def _order(size, factors, coefficients, scan: Scan) -> Iterator[tuple[int, np.ndarray]]:
    """Whole MCUs where components are interleaved, else the blocks that hold any of the picture."""
    if len(scan.components) > 1:
        for y in range(len(coefficients[0]) // factors[0][1]):
            for x in range(coefficients[0].shape[1] // factors[0][0]):
                for name in scan.components:
                    h, v = factors[name]
                    for at in np.ndindex(v, h):
                        yield name, coefficients[name][y * v + at[0], x * h + at[1]]
        return
    name = scan.components[0]
    across, down = (max(pair[axis] for pair in factors) for axis in (0, 1))
    (h, v), (width, height) = factors[name], size
    for at in np.ndindex(-(-height * v // (8 * down)), -(-width * h // (8 * across))):
        yield name, coefficients[name][at]


def _magnitude(value: int) -> str:
    length = abs(value).bit_length()
    return f"{value if value > 0 else value + 2**length - 1:0{length}b}" if length else ""


def _banded(block: np.ndarray, scan: Scan) -> Iterator[str]:
    zeros = 0
    for value in block[scan.first : scan.last + 1]:
        level = int(abs(value)) >> scan.after
        if level == 0:
            zeros += 1
            continue
        yield "11110000" * (zeros // 16)
        signed = level if value > 0 else -level
        yield f"{16 * (zeros % 16) + level.bit_length():08b}" + _magnitude(signed)
        zeros = 0
    if zeros:
        yield "00000000"


def _refined(block: np.ndarray, scan: Scan) -> Iterator[str]:
    band = block[scan.first : scan.last + 1]
    levels = np.abs(band) >> scan.after
    news = np.flatnonzero(levels == 1)
    end = news[-1] if len(news) else -1
    zeros, corrections = 0, ""
    for at, level in enumerate(levels):
        if level == 0:
            zeros += 1
            continue
        while zeros > 15 and at <= end:
            yield "11110000" + corrections
            zeros, corrections = zeros - 16, ""
        if level > 1:
            corrections += str(level & 1)
        else:
            yield f"{16 * zeros + 1:08b}" + str(int(band[at] > 0)) + corrections
            zeros, corrections = 0, ""
    if zeros or corrections:
        yield "00000000" + corrections
