"""What part of the values a DICOM picture measures is spread from black to white.

DICOM PS3.3, C.11.2.1: the functions LINEAR, LINEAR_EXACT and SIGMOID, and tables.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

_PERCENT = 1.0  # left out at either end


@dataclass(frozen=True, slots=True)
class Values:
    """What each sample of uint16 stands for, the samples, and the range of those that are meant."""

    of_samples: NDArray[np.float64]
    samples: NDArray[np.uint16]
    low: float
    high: float


def shares(values: Values, center: float, width: float, function: str) -> NDArray[np.float64]:
    """How white each sample is, from 0 to 1. Raises ValueError for a window that holds nothing."""
    given = values.of_samples
    if function == "SIGMOID":
        _check(width > 0, width)
        with np.errstate(over="ignore"):
            curve: NDArray[np.float64] = 1 / (1 + np.exp(-4 * (given - center) / width))
        return curve
    if function == "LINEAR_EXACT":
        _check(width > 0, width)
        return np.clip((given - center) / width + 0.5, 0, 1)
    _check(width >= 1, width)
    if width == 1:
        return (given > center - 0.5).astype(np.float64)
    return np.clip((given - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def _check(holds: bool, width: float) -> None:
    if not holds:
        raise ValueError(
            f"a window {width:g} wide; dicom_window percentile or full goes without it"
        )


def default_window(
    dataset: "Dataset", group: "Dataset | None", values: Values, rule: str
) -> NDArray[np.float64]:
    """How white each sample is by `rule`: `file`, `percentile` or `full`.

    `group` is what an enhanced picture says about its window. A file that has none is shown in
    full. Raises ValueError for a window that holds nothing.
    """
    if rule == "file":
        if dataset.get("VOILUTSequence"):
            return _table(dataset, values)
        source = group if group is not None else dataset
        center, width = _first(source.get("WindowCenter")), _first(source.get("WindowWidth"))
        if center is not None and width is not None:
            return shares(values, center, width, source.get("VOILUTFunction") or "LINEAR")
    low, high = values.low, values.high
    if rule == "percentile":
        rows = values.samples.reshape(-1, values.samples.shape[-1])
        counts = np.zeros(values.of_samples.size, np.int64)
        for row in rows:  # as it makes 8 bytes of each sample
            counts += np.bincount(row, minlength=counts.size)
        counts[(values.of_samples < low) | (values.of_samples > high)] = 0
        upto = np.cumsum(counts)
        ends = np.searchsorted(upto, upto[-1] * np.array([_PERCENT, 100 - _PERCENT]) / 100)
        low, high = np.sort(values.of_samples[ends])
    if high <= low:
        return (values.of_samples > low).astype(np.float64)
    return np.clip((values.of_samples - low) / (high - low), 0, 1)


def _table(dataset: "Dataset", values: Values) -> NDArray[np.float64]:
    """By the file's own table."""
    from pydicom.pixels.processing import apply_voi

    whole = np.rint(np.clip(values.of_samples, -(2**31), 2**31 - 1)).astype(np.int32)
    bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    told: NDArray[np.float64] = apply_voi(whole, dataset) / (2**bits - 1)
    return np.clip(told, 0, 1)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value if np.ndim(value) == 0 else value[0])


def levels(shares: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Shares of white as whole levels of `dtype`, rounded half up."""
    result: NDArray[Any] = np.floor(shares * np.iinfo(dtype).max + 0.5).astype(dtype)
    return result
