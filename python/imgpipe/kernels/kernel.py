"""`Kernel`: a small matrix of weights and their divisor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.kernels.checks import finite

MAX_SIDE = 63

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """Weights for `convolve`, each divided by `divisor`.

    `data` is any rectangular matrix of finite numbers, up to 63 by 63, kept as tuples of rows.
    Raises ValueError for anything else, and TypeError or ValueError for a divisor that is not a
    finite number other than 0.

    >>> Kernel([[1, 1], [1, 1]], divisor=4).width
    2
    """

    data: tuple[tuple[float, ...], ...]
    divisor: float = 1.0

    def __init__(self, data: Sequence[Sequence[float]] | NDArray[Any], divisor: float = 1.0):
        try:
            rows = tuple(tuple(float(weight) for weight in row) for row in data)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"Expected a kernel to be rows of numbers, got {data!r}") from None
        widths = {len(row) for row in rows}
        if len(widths) != 1 or not 1 <= len(rows) <= MAX_SIDE or not 1 <= min(widths) <= MAX_SIDE:
            raise ValueError(
                f"Expected a rectangular kernel from 1x1 to {MAX_SIDE}x{MAX_SIDE}, "
                f"got rows of lengths {[len(row) for row in rows]}"
            )
        if not all(math.isfinite(weight) for row in rows for weight in row):
            raise ValueError(f"Expected finite weights, got {rows}")
        object.__setattr__(self, "data", rows)
        object.__setattr__(self, "divisor", check_divisor(divisor))

    @property
    def width(self) -> int:
        """Weights in a row."""
        return len(self.data[0])

    @property
    def height(self) -> int:
        """Rows of weights."""
        return len(self.data)

    def separate(self) -> tuple[Vector, Vector] | None:
        """The vectors (kx, ky) whose `outer(ky, kx)` is `data`, or None if there are none.

        Each weight may be off by 1e-12 of itself. The divisor is not in them. Whole weights give
        whole vectors where such exist.

        >>> kx, ky = Kernel.gaussian_blur().separate()
        >>> kx.tolist(), ky.tolist()
        ([1.0, 2.0, 1.0], [1.0, 2.0, 1.0])
        """
        matrix = np.array(self.data)
        y, x = np.unravel_index(np.argmax(np.abs(matrix)), matrix.shape)
        if not matrix[y, x]:
            return np.zeros(self.width), np.zeros(self.height)
        kx = matrix[y] / _whole_divisor(matrix[y])
        ky = matrix[:, x] / kx[x]
        return (kx, ky) if np.allclose(np.outer(ky, kx), matrix, rtol=1e-12, atol=0) else None

    @classmethod
    def identity(cls) -> "Kernel":
        """Leaves a picture as it is, but for floats that are not finite: they spread as NaN."""
        return cls([[0, 0, 0], [0, 1, 0], [0, 0, 0]])

    @classmethod
    def box_blur(cls) -> "Kernel":
        """The mean of 3x3 pixels."""
        return cls([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9)

    @classmethod
    def gaussian_blur(cls) -> "Kernel":
        """The binomial approximation of a Gaussian over 3x3 pixels."""
        return cls([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16)

    @classmethod
    def sharpen(cls) -> "Kernel":
        """Raises the difference between a pixel and its four neighbours."""
        return cls([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])

    @classmethod
    def edge_detect(cls) -> "Kernel":
        """The difference between a pixel and its eight neighbours."""
        return cls([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])

    @classmethod
    def sobel_x(cls) -> "Kernel":
        """The horizontal derivative, bright where brightness grows to the right."""
        return cls([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    @classmethod
    def sobel_y(cls) -> "Kernel":
        """The vertical derivative, bright where brightness grows downwards."""
        return cls([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])

    @classmethod
    def emboss(cls) -> "Kernel":
        """Relief lit from the lower right."""
        return cls([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])


def check_divisor(divisor: Any) -> float:
    """`divisor` as a float. Raises TypeError or ValueError unless it is finite and not 0."""
    value = finite(divisor, "divisor")
    if value == 0:
        raise ValueError(f"Expected a finite divisor other than 0, got {divisor}")
    return value


def _whole_divisor(row: Vector) -> float:
    """The greatest common divisor of whole numbers, or 1 for others."""
    if not np.all(row == np.rint(row)) or np.abs(row).max() > 2**53:
        return 1.0
    return float(math.gcd(*(int(abs(weight)) for weight in row)))
