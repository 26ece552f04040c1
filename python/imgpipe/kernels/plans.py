"""From real weights to what the kernels calculate with: which arithmetic, and the weights in it.

An arithmetic is taken where a bound on its error, known before any pixel is, stays below what may
be lost. Errors are in levels, before the final rounding.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.kernels.kernel import Kernel, Vector

# sum_t and weights_t in kernels.h
EXACT, SMOOTH, FLOAT, DOUBLE = range(4)
WORDS, PAIRS, FLOATS, DOUBLES = range(4)

INT16_MAX = 2**15 - 1
INT32_MAX = 2**31 - 1
UINT16_MAX = 2**16 - 1
SMOOTH_BITS = 16
SMOOTH_RADIUS = 40  # as far as cutting products loses a third of a level at most
MAX_WORDS = INT16_MAX // 255
MAX_PAIR_BITS = 24
FLOAT_PART = 32  # taps that kernels add up before they add the sums, see sample.h
MAX_QUANTISATION_ERROR = 0.25
MAX_FLOAT_ERROR = 0.45
MAX_RELATIVE_ERROR = 1e-5
MAX_TOTAL = 2.0**54
PAIRED_SIDE = 5  # two passes in floats take longer than one in pairs up to here


@dataclass(frozen=True, slots=True)
class SeparablePlan:
    """The arguments of `_imgcore.separable`; see separable_t in kernels.h."""

    kx: bytes
    ky: bytes
    sum: int
    bias: int = 0
    reciprocal: int = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class ConvolutionPlan:
    """The arguments of `_imgcore.convolve`; see convolution_t in kernels.h."""

    weights: bytes
    nx: int
    ny: int
    kind: int
    shift: int = 0


def quantise_lines(weights: Vector, bits: Any) -> NDArray[np.int64]:
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
quiet = np.errstate(over="ignore", under="ignore")


@lru_cache(maxsize=256)
@quiet
def plan_kernel(kernel: Kernel, dtype: np.dtype[Any]) -> SeparablePlan | ConvolutionPlan:
    """How to convolve samples of `dtype` with `kernel`: in two passes where that is faster."""
    weights = np.array(kernel.data) / kernel.divisor
    vectors = kernel.separate()
    if vectors is None:
        return plan_convolution(weights, dtype)
    plan = plan_separable(*vectors, kernel.divisor, dtype)
    if dtype == np.uint8 and plan.sum in (FLOAT, DOUBLE) and max(weights.shape) <= PAIRED_SIDE:
        return plan_convolution(weights, dtype)
    return plan


def plan_separable(kx: Vector, ky: Vector, divisor: float, dtype: np.dtype[Any]) -> SeparablePlan:
    """Two passes for the outer product ky * kx / divisor.

    Raises ValueError for weights that not even doubles hold.
    """
    norms = np.abs(kx).sum(), np.abs(ky).sum()
    gain = max(norms) * (min(norms) / abs(divisor))  # overflows only if it is itself too large
    _check_total(gain)
    plan = None
    if dtype == np.uint8:
        plan = _plan_exact(kx, ky, divisor) or _plan_smooth(kx, ky, divisor)
    return plan or _plan_real(kx, ky, divisor, gain, dtype)


def _plan_exact(kx: Vector, ky: Vector, divisor: float) -> SeparablePlan | None:
    """Whole weights, or such as become whole times a power of two, with sums in 16 bits."""
    x_bits, y_bits = _fraction_bits(kx), _fraction_bits(ky)
    if x_bits is None or y_bits is None or min(kx.min(), ky.min()) < 0:
        return None
    x, y = np.ldexp(kx, x_bits).astype(np.uint16), np.ldexp(ky, y_bits).astype(np.uint16)
    whole = divisor * 2.0 ** (x_bits + y_bits)
    gain = int(x.sum(dtype=np.int64)) * int(y.sum(dtype=np.int64))
    if not whole.is_integer() or not gain <= whole <= UINT16_MAX:
        return None
    total, bias = int(whole), int(whole) // 2
    largest = 255 * gain + bias
    shift = total.bit_length() - 1
    if largest > UINT16_MAX:
        return None
    if total == 1 << shift:
        return SeparablePlan(x.tobytes(), y.tobytes(), EXACT, bias, 0, shift)
    reciprocal = reciprocal_of(total, largest)
    if not reciprocal:
        return None
    return SeparablePlan(x.tobytes(), y.tobytes(), EXACT, bias, reciprocal, shift)


def reciprocal_of(total: int, largest: int) -> int:
    """What to multiply with, and shift down by 16 + total.bit_length() - 1, to divide by `total`.

    0 where it would divide any number up to `largest` wrongly.
    """
    one = 1 << (16 + total.bit_length() - 1)
    reciprocal = -(-one // total)
    return reciprocal if largest * (reciprocal * total - one) < one else 0


def _fraction_bits(weights: Vector) -> int | None:
    """The least power of two, up to 2**8, that makes all weights whole and small; or None."""
    for bits in range(9):
        scaled = np.ldexp(weights, bits)
        if np.abs(scaled).max() > UINT16_MAX:
            return None
        if np.all(scaled == np.rint(scaled)):
            return bits
    return None


def _plan_smooth(kx: Vector, ky: Vector, divisor: float) -> SeparablePlan | None:
    """Symmetric weights, not negative, that keep brightness."""
    if not np.isclose(kx.sum() * ky.sum(), divisor, rtol=1e-9, atol=0):
        return None
    x, y = _smooth_taps(kx), _smooth_taps(ky)
    return None if x is None or y is None else SeparablePlan(x, y, SMOOTH)


def plan_smoothing(taps: Vector, dtype: np.dtype[Any]) -> tuple[bytes, int]:
    """(taps, sum) for both passes of a blur by symmetric `taps` of sum 1; floats if not 16 bits.

    For what needs the blurred values before they are rounded.
    """
    smooth = _smooth_taps(taps) if dtype == np.uint8 else None
    return (taps.astype(np.float32).tobytes(), FLOAT) if smooth is None else (smooth, SMOOTH)


def _smooth_taps(weights: Vector) -> bytes | None:
    length = len(weights)
    symmetric = length % 2 and np.array_equal(weights, weights[::-1])
    if not symmetric or length > 2 * SMOOTH_RADIUS + 1 or weights.min() < 0 or not weights.sum():
        return None
    scaled = quantise_lines(weights / weights.sum(), SMOOTH_BITS)
    fits = scaled.min() >= 0 and scaled.max() <= UINT16_MAX
    return scaled.astype(np.uint16).tobytes() if fits else None


def _plan_real(
    kx: Vector, ky: Vector, divisor: float, gain: float, dtype: np.dtype[Any]
) -> SeparablePlan:
    roundings = sum(2 + min(n, FLOAT_PART) + n // FLOAT_PART for n in (len(kx), len(ky)))
    exact_enough = _float_error(roundings, gain, dtype) <= 1
    real = np.float32 if exact_enough else np.float64
    x, y = (weights / (np.abs(weights).sum() or 1.0) for weights in (kx, ky))
    y *= math.copysign(gain, divisor)
    return SeparablePlan(
        x.astype(real).tobytes(), y.astype(real).tobytes(), FLOAT if exact_enough else DOUBLE
    )


def _float_error(roundings: int, gain: float, dtype: np.dtype[Any]) -> float:
    """The most that sums of floats can be off, as a share of what they may be.

    A product is rounded, and then each sum it becomes part of, by 2**-24 of the sum of the absolute
    products at most.
    """
    if dtype == np.float32:
        return roundings * 2.0**-24 / MAX_RELATIVE_ERROR
    return float(roundings * 2.0**-24 * gain * np.iinfo(dtype).max / MAX_FLOAT_ERROR)


def _check_total(total: float) -> None:
    if not total < MAX_TOTAL:
        raise ValueError(
            f"Expected weights whose absolute sum is below 2**54 times the divisor, got {total:.3g}"
        )


def plan_convolution(weights: Vector, dtype: np.dtype[Any]) -> ConvolutionPlan:
    """One pass over all weights, in the fastest arithmetic that is exact enough.

    Raises ValueError for weights that not even doubles hold.
    """
    ny, nx = weights.shape
    gain = float(np.abs(weights).sum())
    _check_total(gain)
    plan = None
    if dtype == np.uint8:
        plan = _plan_words(weights, gain) or _plan_pairs(weights, gain)
    if plan:
        return plan
    if _float_error(1 + nx + ny, gain, dtype) <= 1:  # rows are added up one by one
        return ConvolutionPlan(weights.astype(np.float32).tobytes(), nx, ny, FLOATS)
    return ConvolutionPlan(weights.tobytes(), nx, ny, DOUBLES)


def _plan_words(weights: Vector, gain: float) -> ConvolutionPlan | None:
    """Whole weights, with sums in 16 bits."""
    if gain > MAX_WORDS or np.any(weights != np.rint(weights)):
        return None
    ny, nx = weights.shape
    return ConvolutionPlan(weights.astype(np.int16).tobytes(), nx, ny, WORDS)


def _plan_pairs(weights: Vector, gain: float) -> ConvolutionPlan | None:
    """Weights in 16 bits, sums in 32; None where they lose too much."""
    ny, nx = weights.shape
    largest = float(np.abs(weights).max())
    if not largest:
        return ConvolutionPlan(np.zeros((ny, nx + nx % 2), np.int16).tobytes(), nx, ny, PAIRS)
    room = min(INT16_MAX / largest, INT32_MAX / 256 / gain, 2.0**MAX_PAIR_BITS)
    for shift in range(math.floor(math.log2(room)), -1, -1):
        scaled = quantise_matrix(weights, shift)
        if np.abs(scaled).max() <= INT16_MAX and np.abs(scaled).sum() <= INT32_MAX // 256:
            break
    else:
        return None
    lost = np.abs(scaled - np.ldexp(weights, shift)).sum()
    if lost * 255 / 2.0**shift > MAX_QUANTISATION_ERROR:
        return None
    even = np.pad(scaled, ((0, 0), (0, nx % 2))).astype(np.int16)
    return ConvolutionPlan(even.tobytes(), nx, ny, PAIRS, shift)
