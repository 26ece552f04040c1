"""What part of the values a DICOM picture measures is spread from black to white.

DICOM PS3.3, C.11.2.1: the functions LINEAR, LINEAR_EXACT and SIGMOID, and tables.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

_PERCENT = 1.0  # left out at either end


def shares(
    values: NDArray[np.float64], center: float, width: float, function: str
) -> NDArray[np.float64]:
    """How white each value is, from 0 to 1. Raises ValueError for a window that holds nothing."""
    check_numbers(center, width)
    with np.errstate(over="ignore"):  # far from a narrow window, where all is black or white
        return _curve(values, center, width, function)


def _curve(
    values: NDArray[np.float64], center: float, width: float, function: str
) -> NDArray[np.float64]:
    if function == "SIGMOID":
        _check(width > 0, width)
        curve: NDArray[np.float64] = 1 / (1 + np.exp(-4 * (values - center) / width))
        return curve
    if function == "LINEAR_EXACT":
        _check(width > 0, width)
        return np.clip((values - center) / width + 0.5, 0, 1)
    _check(width >= 1, width)
    if width == 1:
        return (values > center - 0.5).astype(np.float64)
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def check_numbers(*values: float) -> None:
    """Raise ValueError where one is not finite."""
    if not np.isfinite(values).all():
        raise ValueError("values that are no numbers")


def _check(holds: bool, width: float) -> None:
    if not holds:
        raise ValueError(
            f"a window {width:g} wide; dicom_window percentile or full goes without it"
        )


def own_window(source: "Dataset", values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """How white each value is by the table or the first window in `source`, None without either.

    Raises ValueError for a window that holds nothing.
    """
    if source.get("VOILUTSequence"):
        return _table(source, values)
    center, width = _first(source.get("WindowCenter")), _first(source.get("WindowWidth"))
    if center is None or width is None:
        return None
    return shares(values, center, width, source.get("VOILUTFunction") or "LINEAR")


def spread(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """How white each value is where `low` is black and `high` white."""
    if high <= low:
        return (values > low).astype(np.float64)
    return np.clip((values - low) / (high - low), 0, 1)


def middle(
    parts: Iterable[tuple[NDArray[np.float64], NDArray[np.uint16]]], low: float, high: float
) -> tuple[float, float]:
    """The ends of what is left of all samples from `low` to `high` without a percent at either.

    Each part is what the 65536 samples there can be stand for, and samples of (..., W).
    """
    values, counts = [], []
    for meanings, samples in parts:
        counted = np.zeros(meanings.size, np.int64)
        for row in samples.reshape(-1, samples.shape[-1]):  # as it makes 8 bytes of each sample
            counted += np.bincount(row, minlength=counted.size)
        counted[(meanings < low) | (meanings > high)] = 0
        seen = counted.nonzero()
        values.append(meanings[seen])
        counts.append(counted[seen])
    every = np.concatenate(values)
    order = np.argsort(every)
    upto = np.cumsum(np.concatenate(counts)[order])
    ends = np.searchsorted(upto, upto[-1] * np.array([_PERCENT, 100 - _PERCENT]) / 100)
    first, last = every[order[ends]]
    return float(first), float(last)


def _table(source: "Dataset", values: NDArray[np.float64]) -> NDArray[np.float64]:
    """By the file's own table."""
    from pydicom.pixels.processing import apply_voi

    whole = np.rint(np.clip(values, -(2**31), 2**31 - 1)).astype(np.int32)
    bits = int(source.VOILUTSequence[0].LUTDescriptor[2])
    told: NDArray[np.float64] = apply_voi(whole, source) / (2**bits - 1)
    return np.clip(told, 0, 1)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value if np.ndim(value) == 0 else value[0])


def levels(shares: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Shares of white as whole levels of `dtype`, rounded half up."""
    result: NDArray[Any] = np.floor(shares * np.iinfo(dtype).max + 0.5).astype(dtype)
    return result
