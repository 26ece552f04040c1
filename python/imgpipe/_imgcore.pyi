from typing import Any

import numpy as np
from numpy.typing import NDArray

def simd_levels() -> tuple[str, ...]: ...
def simd_level() -> str: ...
def has_openmp() -> bool: ...
def separable(
    src: NDArray[np.uint8],
    dst: NDArray[np.uint8],
    kx: bytes,
    ky: bytes,
    exact: bool,
    bias: int,
    reciprocal: int,
    shift: int,
    border: int,
    threads: int,
) -> None: ...
def convolve(
    src: NDArray[np.uint8],
    dst: NDArray[np.uint8],
    weights: bytes,
    nx: int,
    ny: int,
    wide: bool,
    shift: int,
    border: int,
    threads: int,
) -> None: ...
def resize(
    src: NDArray[np.uint8],
    dst: NDArray[np.uint8],
    column_start: bytes,
    column_weights: bytes,
    row_start: bytes,
    row_weights: bytes,
    threads: int,
) -> None: ...
def grayscale(src: NDArray[np.uint8], dst: NDArray[np.uint8], threads: int) -> None: ...
def lookup(src: NDArray[np.uint8], dst: NDArray[np.uint8], curve: bytes, threads: int) -> None: ...
def move(src: NDArray[Any], dst: NDArray[Any], how: int, threads: int) -> None: ...
def median(src: NDArray[Any], dst: NDArray[Any], size: int, border: int, threads: int) -> None: ...
def sobel(src: NDArray[Any], dst: NDArray[Any], border: int, threads: int) -> None: ...
def unsharp(
    src: NDArray[Any],
    dst: NDArray[Any],
    weights: bytes,
    sum: int,
    amount: float,
    threshold: float,
    border: int,
    threads: int,
) -> None: ...
def rotate(
    src: NDArray[Any],
    dst: NDArray[Any],
    origin: tuple[float, float],
    cosine: float,
    sine: float,
    taps: int,
    fill: bytes,
    threads: int,
) -> None: ...
