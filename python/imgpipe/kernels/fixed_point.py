"""From real weights to the whole numbers the kernels calculate with.

Errors below are in levels of 255, before the final rounding.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imgpipe.kernels.kernel import Kernel, Vector

INT16_SUM = 2**16 - 1
INT32_SUM = 2**31 - 1
INT64_SUM = 2**62
ROW_BITS = 22
COLUMN_SUM = 2**16  # times the row pass's largest value, 255 * 2**7, just fits 32 bits
MAX_SEPARABLE_GAIN = 16.0  # the row pass's rounding, half of 2**-7, grows with the gain
MAX_QUANTISATION_ERROR = 0.25


@dataclass(frozen=True, slots=True)
class SeparablePlan:
    """The arguments of `_imgcore.separable`; see separable_t in kernels.h."""

    kx: bytes
    ky: bytes
    exact: bool
    bias: int
    reciprocal: int
    shift: int


@dataclass(frozen=True, slots=True)
class ConvolutionPlan:
    """The arguments of `_imgcore.convolve`; see convolution_t in kernels.h."""

    weights: bytes
    nx: int
    ny: int
    wide: bool
    shift: int


def quantise_lines(weights: Vector, bits: int) -> NDArray[np.int64]:
    """`weights` times 2**bits as whole numbers; of several dimensions, along the last.

    Running sums from both ends are rounded, not the weights, so that however many they are, flat
    areas stay flat, slopes keep their place, and symmetric weights stay symmetric.
    """
    length = weights.shape[-1]
    half = length // 2
    scaled = np.zeros(weights.shape, np.int64)
    scaled[..., :half] = _round_running_sums(weights[..., :half], bits)
    scaled[..., ::-1][..., :half] = _round_running_sums(weights[..., ::-1][..., :half], bits)
    total = np.rint(np.ldexp(weights.sum(axis=-1), bits)).astype(np.int64)
    scaled[..., half] += total - scaled.sum(axis=-1)
    return scaled


def _round_running_sums(weights: Vector, bits: int) -> NDArray[np.int64]:
    sums = np.rint(np.ldexp(np.cumsum(weights, axis=-1), bits)).astype(np.int64)
    return np.diff(sums, axis=-1, prepend=0)


def quantise_matrix(weights: Vector, bits: int) -> NDArray[np.int64]:
    """`weights`, a matrix, times 2**bits as whole numbers whose sum is that of the weights.

    So a flat area stays flat. What rounding took goes to the middle weight, which keeps symmetric
    weights symmetric.
    """
    scaled = np.rint(np.ldexp(weights, bits)).astype(np.int64)
    missing = round(float(np.ldexp(weights.sum(), bits))) - int(scaled.sum())
    scaled[tuple(side // 2 for side in scaled.shape)] += missing
    return scaled


# Sums too large for floats are refused with a sentence, or clamp, and need no warning.
quiet = np.errstate(over="ignore")


@lru_cache(maxsize=256)
@quiet
def plan_kernel(kernel: Kernel) -> SeparablePlan | ConvolutionPlan:
    """How to convolve with `kernel`: in two passes where it separates and they are as exact."""
    vectors = kernel.separate()
    plan = plan_separable(*vectors, kernel.divisor) if vectors else None
    return plan or plan_convolution(np.array(kernel.data) / kernel.divisor)


def plan_separable(kx: Vector, ky: Vector, divisor: float = 1.0) -> SeparablePlan | None:
    """Two passes for the outer product ky * kx / divisor, or None where they lose too much."""
    return _plan_exact(kx, ky, divisor) or _plan_rounded(kx, ky, divisor)


def _plan_exact(kx: Vector, ky: Vector, divisor: float) -> SeparablePlan | None:
    """Whole weights, or such as become whole times a power of two, with sums in 16 bits."""
    x_bits, y_bits = _fraction_bits(kx), _fraction_bits(ky)
    if x_bits is None or y_bits is None or min(kx.min(), ky.min()) < 0:
        return None
    x, y = np.ldexp(kx, x_bits).astype(np.int32), np.ldexp(ky, y_bits).astype(np.int32)
    whole = divisor * 2.0 ** (x_bits + y_bits)
    gain = int(x.sum(dtype=np.int64)) * int(y.sum(dtype=np.int64))
    if not whole.is_integer() or not gain <= whole <= INT16_SUM:
        return None
    total, bias = int(whole), int(whole) // 2
    largest = 255 * gain + bias
    shift = total.bit_length() - 1
    if largest > INT16_SUM:
        return None
    if total == 1 << shift:
        return SeparablePlan(x.tobytes(), y.tobytes(), True, bias, 0, shift)
    reciprocal = -(-(1 << (16 + shift)) // total)
    if largest * (reciprocal * total - (1 << (16 + shift))) >= 1 << (16 + shift):
        return None  # the reciprocal would divide some sum wrongly
    return SeparablePlan(x.tobytes(), y.tobytes(), True, bias, reciprocal, shift)


def _fraction_bits(weights: Vector) -> int | None:
    """The least power of two, up to 2**8, that makes all weights whole and small; or None."""
    for bits in range(9):
        scaled = np.ldexp(weights, bits)
        if np.abs(scaled).max() > INT16_SUM:
            return None
        if np.all(scaled == np.rint(scaled)):
            return bits
    return None


def _plan_rounded(kx: Vector, ky: Vector, divisor: float) -> SeparablePlan | None:
    norm = np.abs(kx).sum()
    columns = ky * (norm / divisor)
    gain = np.abs(columns).sum()
    if not norm or not gain or gain > MAX_SEPARABLE_GAIN:
        return None
    shift = min(16, int(np.floor(np.log2((COLUMN_SUM - len(ky)) / max(gain, 0.5)))))
    x, y = quantise_lines(kx / norm, ROW_BITS), quantise_lines(columns, shift)
    return SeparablePlan(
        x.astype(np.int32).tobytes(), y.astype(np.int32).tobytes(), False, 0, 0, shift
    )


def plan_convolution(weights: Vector) -> ConvolutionPlan:
    """One pass over all weights, in 32 bits where that is exact enough, else in 64.

    Raises ValueError for weights that not even 64 bits hold.
    """
    ny, nx = weights.shape
    total = max(float(np.abs(weights).sum()), 1.0)
    if not total < 2.0**54:
        raise ValueError(
            f"Expected weights whose absolute sum is below 2**54 times the divisor, got {total:.3g}"
        )
    bits = int(np.floor(np.log2(INT32_SUM / 256 / total)))
    wide = bits < 0 or weights.size * 0.5 * 255 / 2.0**bits > MAX_QUANTISATION_ERROR
    if wide:
        bits = min(40, int(np.floor(np.log2(INT64_SUM / 256 / total))))
    return ConvolutionPlan(quantise_matrix(weights, bits).tobytes(), nx, ny, wide, bits)
