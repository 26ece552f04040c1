"""How alike two pictures are."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

LUMA = (0.299, 0.587, 0.114)
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
EDGE = 5  # as far as the window reaches


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """The mean structural similarity of the luma of two pictures of one size, at most 1.

    Wang, Bovik, Sheikh and Simoncelli, 2004: a Gaussian window of sigma 1.5, 11 pixels wide.
    """
    x, y = _luma(a), _luma(b)
    mean_x, mean_y = _blurred(x), _blurred(y)
    variances = _blurred(x * x) - mean_x**2 + _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    similar = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    similar /= (mean_x**2 + mean_y**2 + C1) * (variances + C2)
    return float(similar[EDGE:-EDGE, EDGE:-EDGE].mean())


def _luma(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return pixels @ np.array(LUMA) if pixels.ndim == 3 else pixels.astype(np.float64)


def _blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return gaussian_filter(values, 1.5, truncate=3.5)
