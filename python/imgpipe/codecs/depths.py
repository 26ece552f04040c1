"""Samples of some bits as the dtypes that pictures have here."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def spread(levels: NDArray[Any], depth: int) -> NDArray[np.uint16]:
    """Samples of `depth` bits, 9 to 16, over all that uint16 has, as `depth.rounded` gives them."""
    most = 2**depth - 1
    curve = np.floor(np.arange(most + 1) * (65535 / most) + 0.5).astype(np.uint16)
    spread_out: NDArray[np.uint16] = curve[np.minimum(levels, most)]
    return spread_out


def straight(pixels: NDArray[Any]) -> NDArray[Any]:
    """Colours that alpha was multiplied into, without it."""
    real = pixels.dtype == np.float32
    white = np.float32(1 if real else np.iinfo(pixels.dtype).max)
    alpha = pixels[..., -1:].astype(np.float32) / white
    colours = pixels[..., :-1] / np.where(alpha > 0, alpha, np.float32(1))
    if not real:
        colours += np.float32(0.5)
        np.minimum(colours, white, out=colours)
    return np.concatenate([colours.astype(pixels.dtype), pixels[..., -1:]], axis=2)
