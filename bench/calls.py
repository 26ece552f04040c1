"""Rows of the table: two threads against one, and calls too small for the pixels to matter."""

from collections.abc import Callable
from functools import partial

import numpy as np
from imgpipe import kernels
from imgpipe.cores import available

from .alone import WORK, Work
from .contest import Array, Contest, Missing, Row
from .peers import opencv
from .pictures import HD, UHD, picture

TWICE = 1.75
LIMIT = 5.0  # microseconds
CALLS = 500


def two_threads(work: Work, shape: tuple[int, int, int]) -> Contest:
    if available() < 2:
        raise Missing("there is one core")
    a = picture(shape)
    return Contest(lambda: work(a, threads=2), lambda: work(a, threads=1), largest=0)


def tiny(ours: Callable[[Array], Array], theirs: Callable[[object, Array], Array]) -> Contest:
    cv2, a = opencv(), picture((8, 8, 3))
    return Contest(lambda: ours(a), lambda: theirs(cv2, a), times=CALLS)


IDENTITY = np.eye(3, dtype=np.float32)
SKEWED = kernels.Kernel(IDENTITY / 3)
TINY = {
    "Gaussian 3×3": (
        lambda a: kernels.gaussian_blur(a, ksize=3),
        lambda cv2, a: cv2.GaussianBlur(a, (3, 3), 0),
    ),
    "box radius 1": (lambda a: kernels.box_blur(a, 1), lambda cv2, a: cv2.blur(a, (3, 3))),
    "2D 3×3": (
        lambda a: kernels.convolve(a, SKEWED),
        lambda cv2, a: cv2.filter2D(a, -1, IDENTITY / 3),
    ),
    "grayscale": (kernels.grayscale, lambda cv2, a: cv2.cvtColor(a, cv2.COLOR_RGB2GRAY)),
    "brighten": (
        lambda a: kernels.brighten(a, 40),
        lambda cv2, a: cv2.add(a, (40, 40, 40, 0)),
    ),
    "flip horizontal": (kernels.flip_horizontal, lambda cv2, a: cv2.flip(a, 1)),
    "rotate 90°": (kernels.rotate90, lambda cv2, a: cv2.rotate(a, cv2.ROTATE_90_CLOCKWISE)),
    "resize to half, box": (
        lambda a: kernels.resize(a, (4, 4), filter="box"),
        lambda cv2, a: cv2.resize(a, (4, 4), interpolation=cv2.INTER_AREA),
    ),
}

ROWS = [
    *(
        Row(name, picture_name, "imgpipe on one thread", partial(two_threads, work, shape), TWICE)
        for name, work in WORK.items()
        for picture_name, shape in (("1080p RGB", HD), ("3840×2160 RGB", UHD))
        if name not in ("grayscale", "Gaussian 5×5 in two dimensions")  # memory; not a row
    ),
    *(
        Row(name, "8×8 RGB", "OpenCV", partial(tiny, *calls), limit=LIMIT)
        for name, calls in TINY.items()
    ),
]
