"""Smart cropping: which part of a picture draws the eye.

What differs from the rest does: colours far from the mean of all (Achanta and others,
"Frequency-tuned salient region detection", CVPR 2009), edges, and tones of skin; summed over every
window with a summed-area table (Crow, 1984).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.arrays import WHITE

_LONGEST = 256  # pixels of the reduction that is looked at
_EDGES, _COLOUR, _SKIN = 2.0, 1.0, 0.3
_SKIN_TONE = np.array([0.78, 0.57, 0.26], np.float32)  # direction of red, green, blue
_LIKE_SKIN = 0.97  # cosine from which a colour counts


def most_salient(image: Image, width: int, height: int) -> tuple[int, int]:
    """(x, y) of the window of `width` by `height` pixels with the most in it.

    Its inner half counts twice, so that what stands out is not cut. Of equal windows the one
    nearest to the middle.
    """
    scale = min(1.0, _LONGEST / max(image.width, image.height))
    small = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    score = _saliency(kernels.resize(image.pixels, small, filter="box"))
    across = max(1, min(small[0], round(width * scale)))
    down = max(1, min(small[1], round(height * scale)))
    windows = _window_sums(score, across, down)
    inner = max(1, across // 2), max(1, down // 2)
    left, top = (across - inner[0]) // 2, (down - inner[1]) // 2
    middles = _window_sums(score, *inner)
    windows = windows + middles[top : top + windows.shape[0], left : left + windows.shape[1]]
    rows, columns = (np.abs(np.arange(n) - (n - 1) / 2) / n for n in windows.shape)
    windows -= 1e-6 * (windows.max() + 1) * (rows[:, np.newaxis] + columns)
    y, x = np.unravel_index(np.argmax(windows), windows.shape)
    spare = image.width - width, image.height - height
    return min(spare[0], round(float(x / scale))), min(spare[1], round(float(y / scale)))


def _window_sums(score: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """The sum of each window of so many pixels."""
    table = np.zeros((score.shape[0] + 1, score.shape[1] + 1))
    table[1:, 1:] = score.cumsum(0).cumsum(1)
    upper, lower = table[:-height], table[height:]
    sums: NDArray[Any] = lower[:, width:] - upper[:, width:] - lower[:, :-width] + upper[:, :-width]
    return sums


def _saliency(pixels: NDArray[Any]) -> NDArray[Any]:
    """What each pixel counts, from 0 on."""
    white = WHITE[pixels.dtype]
    values = np.clip(np.nan_to_num(pixels.astype(np.float32)), 0, white) / np.float32(white)
    opacity = values[..., -1] if values.shape[2] % 2 == 0 else 1
    colours = values[..., : values.shape[2] - (values.shape[2] % 2 == 0)]
    luma = np.ascontiguousarray(colours.mean(axis=2))
    score = _EDGES * np.abs(kernels.convolve(luma, kernels.Kernel.edge_detect())) / 8
    if colours.shape[2] == 3:
        apart = colours - colours.mean(axis=(0, 1))
        score += _COLOUR * (apart**2).sum(axis=2)
        length = np.sqrt((colours**2).sum(axis=2)) * np.sqrt((_SKIN_TONE**2).sum())
        likeness = colours @ _SKIN_TONE / np.maximum(length, 1e-6)
        score += _SKIN * (likeness > _LIKE_SKIN) * (luma > 0.2) * (luma < 0.95)
    result: NDArray[Any] = score * opacity
    return result
