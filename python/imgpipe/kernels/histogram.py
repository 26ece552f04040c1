"""Kernels that look at how often each level occurs."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgpipe import _imgcore
from imgpipe.kernels.arrays import FEW_SAMPLES, FLOAT32, UINT8, Array, call, copy, output, planes
from imgpipe.kernels.checks import number, wholes
from imgpipe.kernels.tone import stretch

STRIPES = 16  # counted apart, so that threads can share a picture out
MAX_TILES = 64
MAX_COUNTS = 1 << 24
MAX_CLIP_LIMIT = 1e6
MAX_CUTOFF = 49.9
WHITE_LEVEL = 65535  # of uint16, and of floats where their levels are counted


def equalize(
    array: ArrayLike,
    *,
    model: ArrayLike | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Equalise the histogram, so that every range of levels holds as many pixels as any other.

    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result.
    Grey levels change as by OpenCV's `equalizeHist`. Of colours the luma (ITU-R BT.601) is
    equalised, and each of a pixel's colours moves by as much as its luma did, so that its chroma
    stays; what leaves the range of integers is clamped. Alpha stays. Floats are counted as 65536
    levels over 0..1, and those beyond as 0 and 1; the curve between levels is straight. A picture
    of one level is copied. Levels are counted in `model`, of the shape and dtype of `array`, where
    one is given: so all frames of a film change as its first does. `out` and `threads` as for
    `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> equalize(np.array([[100, 100, 101, 103]], np.uint8)).tolist()
    [[0, 0, 128, 255]]
    """
    source = planes(array)
    result, target = output(out, array, source)
    counts = _count_levels(_looked_at(model, source), threads, lumas=True)
    curve = _equalizing(counts, source.dtype)
    if curve is None:
        call(copy, source, target, (), threads)
    else:
        change = _imgcore.lookup if source.shape[2] < 3 else _imgcore.relight
        call(change, source, target, (curve,), threads)
    return result


def clahe(
    array: ArrayLike,
    clip_limit: float = 2.0,
    tiles: tuple[int, int] = (8, 8),
    *,
    model: ArrayLike | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Contrast limited adaptive histogram equalisation: of each tile by itself, without seams.

    After Pizer and others, "Adaptive histogram equalization and its variations" (1987), and
    Zuiderveld, "Contrast limited adaptive histogram equalization" (1994), with the conventions of
    OpenCV's `createCLAHE`. `tiles` is how many there are, (columns, rows), each from 1 to 64, and
    together up to 256 for uint16 and float32. No level of a tile counts for more than `clip_limit`
    times its mean; what is cut off is spread over all levels. It is from 0, for no limit, to 1e6.
    Colours, alpha, floats and `model` are treated as by `equalize`. Beside the picture
    it needs 2 bytes for every level of every tile, of which uint8 has 256 and the others 65536.

    >>> import numpy as np
    >>> clahe(np.array([[100, 100, 101, 103]], np.uint8), 0, (1, 1)).tolist()
    [[128, 128, 191, 255]]
    """
    limit = number(clip_limit, 0, MAX_CLIP_LIMIT, "clip_limit")
    source = planes(array)
    columns, rows = _check_tiles(tiles, _levels(source))
    result, target = output(out, array, source)
    width, height = _tile_size(source, columns, rows)
    layout = columns, rows, width, height
    levels, pixels = _levels(source), width * height
    most = max(1, int(limit * pixels / levels)) if limit else pixels
    curves = np.empty((rows, columns * levels, 1), np.uint16)
    counted = _looked_at(model, source)
    call(_imgcore.equalizers, counted, curves, (*layout, min(most, pixels)), threads)
    call(_imgcore.adapt, source, target, (curves, *layout), threads)
    return result


def auto_contrast(
    array: ArrayLike,
    cutoff: float = 0.0,
    *,
    model: ArrayLike | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Stretch the levels in use over all, the lowest to black and the highest to white.

    `cutoff`, from 0 to 49.9, is how many percent of the samples may be left over at either end.
    All colours count together and are stretched alike, so that a grey stays grey. `array` is uint8,
    uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result. Integers are
    rounded half up; floats are counted as 65536 levels over 0..1, and clamped to 0..1. Alpha stays.
    A picture with one level in use is copied. `model` as for `equalize`, `out` and `threads` as for
    `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> auto_contrast(np.array([[100, 120, 150]], np.uint8)).tolist()
    [[0, 102, 255]]
    """
    percent = number(cutoff, 0, MAX_CUTOFF, "cutoff")
    source = planes(array)
    result, target = output(out, array, source)
    counts = _count_levels(_looked_at(model, source), threads, lumas=False)
    upto, drop = np.cumsum(counts), int(counts.sum() * percent / 100)
    low = int(np.searchsorted(upto, drop, side="right"))
    high = int(np.searchsorted(upto, upto[-1] - drop, side="left"))
    if high <= low:
        call(copy, source, target, (), threads)
    elif source.dtype == FLOAT32:
        stretch(source, target, low / WHITE_LEVEL, (high - low) / WHITE_LEVEL, threads)
    else:
        stretch(source, target, float(low), float(high - low), threads)
    return result


def _looked_at(model: ArrayLike | None, source: Array) -> Array:
    """The planes whose levels are counted."""
    if model is None:
        return source
    counted = planes(model)
    if counted.dtype != source.dtype or counted.shape != source.shape:
        raise ValueError(
            f"Expected a model of {source.dtype} and shape {source.shape} like the array, "
            f"got {counted.dtype} and {counted.shape}"
        )
    return counted


def _count_levels(source: Array, threads: int | None, *, lumas: bool) -> NDArray[np.int64]:
    """How often each level occurs among the colours or the lumas: 256 counts, or 65536."""
    height, width, _ = source.shape
    stripes = 1 if source.size < FEW_SAMPLES else min(STRIPES, height)
    counts = np.empty((stripes, 1, _levels(source)), np.uint32)
    layout = 1, stripes, width, -(-height // stripes)
    call(_imgcore.histogram, source, _as_bytes(counts), (*layout, lumas), threads)
    return np.asarray(counts.sum(axis=(0, 1), dtype=np.int64))


def _levels(source: Array) -> int:
    return 256 if source.dtype == UINT8 else 65536


def _as_bytes(counts: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The same memory, as the core wants it."""
    return counts.view(np.uint8).reshape(counts.shape[0], -1, 4)


def _equalizing(counts: NDArray[np.int64], dtype: np.dtype[Any]) -> bytes | None:
    """The curve that makes the levels counted even, or None where there is one level alone."""
    first = int(np.flatnonzero(counts)[0])
    rest = counts.sum() - counts[first]
    if not rest:
        return None
    upto = np.cumsum(counts) - counts[first]
    upto[:first] = 0
    if dtype == UINT8:  # in OpenCV's precision, to round as it does
        curve = upto.astype(np.float32) * (np.float32(255) / np.float32(rest))
        return bytes(np.rint(curve).astype(np.uint8))
    level = np.rint(upto * (WHITE_LEVEL / rest))
    if dtype == FLOAT32:
        return bytes((level / WHITE_LEVEL).astype(np.float32))
    return bytes(level.astype(np.uint16))


def _check_tiles(tiles: tuple[int, int], levels: int) -> tuple[int, int]:
    columns, rows = wholes(tiles, 2, 1, MAX_TILES, "tiles (columns, rows)")
    most = MAX_COUNTS // levels
    if columns * rows > most:
        raise ValueError(f"Expected up to {most} tiles of {levels} levels, got {columns * rows}")
    return columns, rows


def _tile_size(source: Array, columns: int, rows: int) -> tuple[int, int]:
    """OpenCV's: a picture that does not divide grows both ways, even on a side that does."""
    height, width, _ = source.shape
    if width % columns or height % rows:
        return width // columns + 1, height // rows + 1
    return width // columns, height // rows
