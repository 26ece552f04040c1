"""Convolution with any kernel, and the classic 3x3 filters."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, apply, planes
from imgpipe.kernels.checks import one_of
from imgpipe.kernels.kernel import Kernel, check_divisor
from imgpipe.kernels.plans import (
    ConvolutionPlan,
    SeparablePlan,
    plan_kernel,
    plan_separable,
    quiet,
)

BORDERS = {"reflect": 0, "replicate": 1, "constant": 2, "wrap": 3}
MAX_TAPS = 4095


def convolve(
    array: ArrayLike,
    kernel: Kernel,
    *,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Correlate `array` with `kernel`, as OpenCV's filter2D does; nothing is mirrored.

    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result.
    The kernel's anchor is at (height // 2, width // 2). Sums are divided; those of integers are
    rounded half up and clamped to 0..255 or 0..65535, floats neither rounded nor clamped. Alpha is
    a channel like the others. Pixels beyond the edge are those of `border`: `reflect` (the edge
    pixel not repeated), `replicate`, `constant` (zero) or `wrap`. Kernels that are an outer product
    run as two passes.

    `out` takes the result; it may not overlap `array`. `threads` is at most how many to use, None
    the share of the cores. Results are the same for any number, and those of integers on every
    instruction set.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> bright = np.zeros((5, 5), np.uint8)
    >>> bright[2, 2] = 255
    >>> convolve(bright, Kernel.box_blur())[1].tolist()
    [0, 28, 28, 28, 0]
    """
    if not isinstance(kernel, Kernel):
        raise TypeError(f"Expected a Kernel, got {type(kernel).__name__}")
    source = planes(array)
    return run(array, source, plan_kernel(kernel, source.dtype), border, out, threads)


def convolve_separable(
    array: ArrayLike,
    kx: ArrayLike,
    ky: ArrayLike,
    *,
    divisor: float = 1.0,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Correlate the rows of `array` with `kx` and its columns with `ky`, and divide by `divisor`.

    The vectors hold finite weights, 1 to 4095 each. For all else see `convolve`, of which this is
    the case `Kernel(outer(ky, kx), divisor)`.

    >>> import numpy as np
    >>> convolve_separable(np.full((2, 2), 40, np.uint8), [0.5, 0.5], [1.0]).tolist()
    [[40, 40], [40, 40]]
    """
    x, y = _vector(kx, "kx"), _vector(ky, "ky")
    source = planes(array)
    plan = _plan_vectors(x, y, check_divisor(divisor), source.dtype)
    return run(array, source, plan, border, out, threads)


def sharpen(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`convolve` with `Kernel.sharpen()`."""
    return convolve(array, Kernel.sharpen(), out=out, threads=threads)


def edge_detect(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`convolve` with `Kernel.edge_detect()`."""
    return convolve(array, Kernel.edge_detect(), out=out, threads=threads)


def emboss(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """`convolve` with `Kernel.emboss()`."""
    return convolve(array, Kernel.emboss(), out=out, threads=threads)


def _vector(values: ArrayLike, name: str) -> tuple[float, ...]:
    try:
        vector = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):  # refused below
        vector = np.empty(0)
    if vector.ndim != 1 or not 1 <= vector.size <= MAX_TAPS or not np.isfinite(vector).all():
        raise ValueError(
            f"Expected {name} to be a vector of 1 to {MAX_TAPS} finite weights, got {values!r}"
        )
    return tuple(vector.tolist())


@lru_cache(maxsize=256)
@quiet
def _plan_vectors(
    kx: tuple[float, ...], ky: tuple[float, ...], divisor: float, dtype: np.dtype[Any]
) -> SeparablePlan:
    return plan_separable(np.array(kx), np.array(ky), divisor, dtype)


def run(
    array: ArrayLike,
    source: Array,
    plan: SeparablePlan | ConvolutionPlan,
    border: str,
    out: Any,
    threads: int | None,
) -> Array:
    """Convolve `array`, whose planes are `source`, by a plan for its dtype."""
    beyond = border_code(border)
    if isinstance(plan, SeparablePlan):
        passes = plan.kx, plan.ky, plan.sum, plan.bias, plan.reciprocal, plan.shift, beyond
        return apply(_imgcore.separable, array, source, passes, out, threads)
    weights = plan.weights, plan.nx, plan.ny, plan.kind, plan.shift, beyond
    return apply(_imgcore.convolve, array, source, weights, out, threads)


def border_code(border: str) -> int:
    """The number of a border in kernels.h; raises ValueError for one that is none."""
    return BORDERS[one_of(border, BORDERS, "border")]
