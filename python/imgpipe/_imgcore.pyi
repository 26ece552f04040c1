from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FARTHEST: int

def simd_levels() -> tuple[str, ...]: ...
def simd_level() -> str: ...
def has_openmp() -> bool: ...
def separable(
    src: Array,
    dst: Array,
    kx: bytes,
    ky: bytes,
    sum: int,
    bias: int,
    reciprocal: int,
    shift: int,
    border: int,
    threads: int,
) -> None: ...
def box(
    src: Array, dst: Array, radius: int, reciprocal: int, shift: int, border: int, threads: int
) -> None: ...
def decimated(
    src: Array,
    dst: Array,
    down: bytes,
    blur: bytes,
    up: bytes,
    up_start: bytes,
    factor: int,
    reach: int,
    border: int,
    threads: int,
) -> None: ...
def convolve(
    src: Array,
    dst: Array,
    weights: bytes,
    nx: int,
    ny: int,
    kind: int,
    shift: int,
    border: int,
    threads: int,
) -> None: ...
def resize(
    src: Array,
    dst: Array,
    column_start: bytes,
    column_weights: bytes,
    column_shift: int,
    row_start: bytes,
    row_weights: bytes,
    row_shift: int,
    floats: bool,
    threads: int,
) -> None: ...
def pick(src: Array, dst: Array, column_start: bytes, row_start: bytes, threads: int) -> None: ...
def grayscale(src: Array, dst: Array, standard: int, threads: int) -> None: ...
def saturate(src: Array, dst: Array, standard: int, factor: float, threads: int) -> None: ...
def linear(
    src: Array,
    dst: Array,
    pivot: float,
    scale: float,
    offset: float,
    low: float,
    high: float,
    threads: int,
) -> None: ...
def lookup(src: Array, dst: Array, curve: bytes, threads: int) -> None: ...
def relight(src: Array, dst: Array, curve: bytes, threads: int) -> None: ...
def histogram(
    src: Array,
    counts: NDArray[np.uint8],
    columns: int,
    rows: int,
    width: int,
    height: int,
    lumas: bool,
    threads: int,
) -> None: ...
def equalizers(
    src: Array,
    curves: NDArray[np.uint16],
    columns: int,
    rows: int,
    width: int,
    height: int,
    most: int,
    threads: int,
) -> None: ...
def adapt(
    src: Array,
    dst: Array,
    curves: NDArray[np.uint16],
    columns: int,
    rows: int,
    width: int,
    height: int,
    threads: int,
) -> None: ...
def composite(
    src: Array, dst: Array, overlay: Array, x: int, y: int, opacity: float, threads: int
) -> None: ...
def move(src: Array, dst: NDArray[Any], how: int, threads: int) -> None: ...
def median(src: Array, dst: NDArray[Any], size: int, border: int, threads: int) -> None: ...
def sobel(src: Array, dst: NDArray[Any], border: int, threads: int) -> None: ...
def unsharp(
    src: Array,
    dst: Array,
    weights: bytes,
    sum: int,
    amount: float,
    threshold: float,
    border: int,
    threads: int,
) -> None: ...
def rotate(
    src: Array,
    dst: Array,
    origin: tuple[float, float],
    cosine: float,
    sine: float,
    taps: int,
    fill: bytes,
    threads: int,
) -> None: ...
