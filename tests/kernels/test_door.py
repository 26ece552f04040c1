"""The core refuses, by itself, what would read or write outside memory."""

from collections.abc import Callable

import numpy as np
import pytest
from imgpipe import _imgcore

A = np.zeros((4, 5, 3), np.uint8)  # 4 rows of 5 pixels
OUT = np.zeros((2, 3, 3), np.uint8)


def int32(*values: int) -> bytes:
    return np.array(values, np.int32).tobytes()


def ones(count: int) -> bytes:
    return np.ones(count, np.float32).tobytes()


def empty(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.zeros(shape, dtype)


def pick(out: np.ndarray = OUT, columns: bytes = int32(0, 2, 4), rows: bytes = int32(0, 3)) -> None:
    _imgcore.pick(A, out, columns, rows, 1)


def resize(
    out: np.ndarray = OUT,
    columns: bytes = int32(0, 1, 3),
    column_weights: bytes = ones(6),
    rows: bytes = int32(0, 3),
    row_weights: bytes = ones(2),
) -> None:
    _imgcore.resize(A, out, columns, column_weights, 0, rows, row_weights, 0, True, 1)


def convolve(weights: list[int], dtype: type = np.uint8) -> None:
    """A row of three weights as whole numbers, kind 0."""
    array = A.astype(dtype)
    _imgcore.convolve(
        array, np.empty_like(array), np.array(weights, np.int16).tobytes(), 3, 1, 0, 0, 0, 1
    )


REFUSED: dict[str, Callable[[], None]] = {
    "convolve: whole weights that 16 bits cannot sum": lambda: convolve([60, -69, 0]),
    "convolve: too few whole weights": lambda: convolve([1, 2]),
    "convolve: whole weights for another dtype": lambda: convolve([1, 2, 3], np.uint16),
    "pick: a column beyond the last": lambda: pick(columns=int32(0, 2, 5)),
    "pick: a column before the first": lambda: pick(columns=int32(-1, 2, 4)),
    "pick: columns that go back": lambda: pick(columns=int32(0, 4, 2)),
    "pick: too few columns": lambda: pick(columns=int32(0, 2)),
    "pick: half a column": lambda: pick(columns=int32(0, 2, 4)[:-2]),
    "pick: no columns": lambda: pick(columns=b""),
    "pick: a row beyond the last": lambda: pick(rows=int32(0, 4)),
    "pick: a row before the first": lambda: pick(rows=int32(-1, 0)),
    "pick: too few rows": lambda: pick(rows=int32(0)),
    "pick: other channels": lambda: pick(empty(2, 3, 4)),
    "pick: another dtype": lambda: pick(empty(2, 3, 3, dtype=np.uint16)),
    "resize: a column beyond the last": lambda: resize(columns=int32(0, 2, 5)),
    "resize: taps beyond the last column": lambda: resize(columns=int32(0, 2, 4)),
    "resize: a column before the first": lambda: resize(columns=int32(-1, 2, 3)),
    "resize: too few columns": lambda: resize(columns=int32(0, 1)),
    "resize: no weights": lambda: resize(column_weights=b""),
    "resize: weights that are left over": lambda: resize(column_weights=ones(7)),
    "resize: taps beyond the last row": lambda: resize(row_weights=ones(4)),
    "resize: a row beyond the last": lambda: resize(rows=int32(0, 4)),
    "resize: other channels": lambda: resize(empty(2, 3, 1)),
    "resize: another dtype": lambda: resize(empty(2, 3, 3, dtype=np.float32)),
    "move: another size": lambda: _imgcore.move(A, empty(5, 4, 3), 0, 1),
    "move: a size that is not turned": lambda: _imgcore.move(A, empty(4, 5, 3), 2, 1),
    "move: other channels": lambda: _imgcore.move(A, empty(5, 4, 4), 2, 1),
    "move: another dtype": lambda: _imgcore.move(A, empty(4, 5, 3, dtype=np.uint16), 1, 1),
    "sobel: lower": lambda: _imgcore.sobel(A, empty(3, 5, 3), 0, 1),
    "sobel: narrower": lambda: _imgcore.sobel(A, empty(4, 4, 3), 0, 1),
    "sobel: other channels": lambda: _imgcore.sobel(A, empty(4, 5, 1), 0, 1),
    "sobel: another dtype": lambda: _imgcore.sobel(A, empty(4, 5, 3, dtype=np.uint16), 0, 1),
    "grayscale: lower": lambda: _imgcore.grayscale(A, empty(3, 5, 1), 0, 1),
    "grayscale: too many channels": lambda: _imgcore.grayscale(A, empty(4, 5, 2), 0, 1),
    "grayscale: of grey": lambda: _imgcore.grayscale(empty(4, 5, 2), empty(4, 5, 1), 0, 1),
    "grayscale: another dtype": lambda: _imgcore.grayscale(
        A, empty(4, 5, 1, dtype=np.uint16), 0, 1
    ),
    "lookup: a short curve": lambda: _imgcore.lookup(A, empty(4, 5, 3), bytes(255), 1),
    "relight: a short curve": lambda: _imgcore.relight(A, empty(4, 5, 3), bytes(255), 1),
    "relight: another size": lambda: _imgcore.relight(A, empty(4, 4, 3), bytes(256), 1),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_would_leave_memory_is_refused(call: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match=r"\AExpected "):
        call()


def test_what_stays_inside_is_taken() -> None:
    pick()
    resize()
