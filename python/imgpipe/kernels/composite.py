"""One picture over another."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, call, copy, output, overlap, planes
from imgpipe.kernels.checks import number, wholes


def composite(
    base: ArrayLike,
    overlay: ArrayLike,
    position: tuple[int, int] = (0, 0),
    *,
    opacity: float = 1.0,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """`base` with `overlay` over it, whose upper left pixel comes to `position`, which is (x, y).

    Both are uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4, of one dtype; the
    result is like `base`. 2 and 4 channels end in alpha, which does not multiply the colours; a
    picture without is opaque. This is Porter and Duff's "over" ("Compositing Digital Images",
    1984) with the overlay's alpha times `opacity`, from 0 to 1. A grey overlay may lie over
    colours, but not the other way round. The overlay may reach over the edges or lie outside.
    Integers are rounded half up. Where both alphas are 0, the colours of `base` stay. `out`, which
    may overlap neither, and `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> mark = np.array([[[255, 128]]], np.uint8)
    >>> composite(np.array([[100, 100]], np.uint8), mark, (1, 0)).tolist()
    [[100, 178]]
    """
    x, y = wholes(position, 2, -_imgcore.FARTHEST, _imgcore.FARTHEST, "position (x, y)")
    share = number(opacity, 0, 1, "opacity")
    source, over = planes(base), planes(overlay)
    if over.dtype != source.dtype:
        raise TypeError(f"Expected an overlay of {source.dtype} like its base, got {over.dtype}")
    if source.shape[2] < 3 <= over.shape[2]:
        raise ValueError(
            f"Expected a grey overlay over a grey base, got {over.shape[2]} channels over "
            f"{source.shape[2]}"
        )
    result, target = output(out, base, source)
    if overlap(result, np.asarray(overlay)):
        raise ValueError("Expected out= to share no memory with the overlay")
    if share == 0:
        call(copy, source, target, (), threads)
    else:
        call(_imgcore.composite, source, target, (over, x, y, share), threads)
    return result
