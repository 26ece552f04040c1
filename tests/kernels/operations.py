"""Every kernel by a name, for laws that hold for all of them."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from imgpipe import kernels
from imgpipe.kernels import Kernel
from numpy.typing import NDArray

Operation = Callable[..., NDArray[np.uint8]]

RAMP = np.arange(1.0, 12.0)
SKEWED = Kernel(np.add.outer(RAMP[:4] ** 2, RAMP[:6]) - 9.3, -7)  # even sides, of rank 2
LARGE = Kernel(np.sin(np.arange(35 * 33)).reshape(35, 33), 0.01)  # sums of more than 32 bits
CURVES = {
    "uint8": np.arange(256)[::-1] ** 2 // 255,
    "uint16": np.arange(65536)[::-1] ** 2 // 65535,
    "float32": np.array([0.9, 0.1, 0.4]),
}
MARK = np.random.default_rng(21).integers(0, 256, (11, 30, 2), np.uint8)
MARKS = {
    "uint8": MARK,
    "uint16": MARK * np.uint16(257),
    "float32": (MARK / 255).astype(np.float32),
}


def of_dtype(choices: dict[str, NDArray[Any]], array: Any) -> NDArray[Any]:
    """What goes with the dtype of `array`; anything for what is no picture."""
    return choices.get(getattr(array, "dtype", np.dtype(np.uint8)).name, choices["uint8"])


# Those that share their rows out over threads.
SHARED: dict[str, Operation] = {
    "box kernel": lambda a, **o: kernels.convolve(a, Kernel.box_blur(), **o),
    "gaussian kernel": lambda a, **o: kernels.convolve(a, Kernel.gaussian_blur(), **o),
    "sobel x": lambda a, **o: kernels.convolve(a, Kernel.sobel_x(), border="replicate", **o),
    "sobel y": lambda a, **o: kernels.convolve(a, Kernel.sobel_y(), border="wrap", **o),
    "skewed kernel": lambda a, **o: kernels.convolve(a, SKEWED, border="constant", **o),
    "large kernel": lambda a, **o: kernels.convolve(a, LARGE, border="wrap", **o),
    "separable": lambda a, **o: kernels.convolve_separable(a, RAMP, RAMP[:4], divisor=660, **o),
    "gaussian sigma": lambda a, **o: kernels.gaussian_blur(a, 2.3, **o),
    "gaussian wide": lambda a, **o: kernels.gaussian_blur(a, 5.1, **o),
    "gaussian ksize": lambda a, **o: kernels.gaussian_blur(a, ksize=7, **o),
    "box small": lambda a, **o: kernels.box_blur(a, 2, **o),
    "box large": lambda a, **o: kernels.box_blur(a, 11, **o),
    "sharpen": kernels.sharpen,
    "edge detect": kernels.edge_detect,
    "emboss": kernels.emboss,
    "resize nearest": lambda a, **o: kernels.resize(a, (23, 29), filter="nearest", **o),
    "resize box": lambda a, **o: kernels.resize(a, (5, 31), filter="box", **o),
    "resize bilinear": lambda a, **o: kernels.resize(a, (90, 7), filter="bilinear", **o),
    "resize bicubic": lambda a, **o: kernels.resize(a, (71, 80), filter="bicubic", **o),
    "resize lanczos3": lambda a, **o: kernels.resize(a, (17, 11), **o),
    "grayscale": kernels.grayscale,
    "grayscale 709": lambda a, **o: kernels.grayscale(a, standard="709", **o),
    "saturation": lambda a, **o: kernels.saturation(a, 1.7, **o),
    "brighten": lambda a, **o: kernels.brighten(a, 40, **o),
    "darken": lambda a, **o: kernels.brighten(a, -40, **o),
    "contrast": lambda a, **o: kernels.contrast(a, 1.3, **o),
    "lookup": lambda a, **o: kernels.lookup(a, of_dtype(CURVES, a), **o),
    "gamma": lambda a, **o: kernels.gamma(a, 0.45, **o),
    "window": lambda a, **o: kernels.window(a, 99.5, 70, **o),
    "equalize": kernels.equalize,
    "clahe": lambda a, **o: kernels.clahe(a, 3.0, (3, 2), **o),
    "auto contrast": lambda a, **o: kernels.auto_contrast(a, 5, **o),
    "composite": lambda a, **o: kernels.composite(a, of_dtype(MARKS, a), (3, -2), opacity=0.7, **o),
    "rotate90": kernels.rotate90,
    "rotate180": kernels.rotate180,
    "rotate270": kernels.rotate270,
    "flip horizontal": kernels.flip_horizontal,
    "flip vertical": kernels.flip_vertical,
    "crop": lambda a, **o: kernels.crop(a, (0, 0, *np.shape(a)[1::-1]), **o),
    "median 3": lambda a, **o: kernels.median(a, 3, **o),
    "median 5": lambda a, **o: kernels.median(a, 5, border="wrap", **o),
    "unsharp mask": lambda a, **o: kernels.unsharp_mask(a, 1.7, 2.5, 3, **o),
    "unsharp mask, wide": lambda a, **o: kernels.unsharp_mask(a, 16, 0.8, border="wrap", **o),
    "rotate any bicubic": lambda a, **o: kernels.rotate(a, 33.3, **o),
    "rotate any bilinear": lambda a, **o: kernels.rotate(a, -190.5, filter="bilinear", fill=9, **o),
    "rotate nearest": lambda a, **o: kernels.rotate(
        a, 100, filter="nearest", expand=False, fill=1, **o
    ),
    "sobel": lambda a, **o: kernels.sobel(a, border="replicate", **o),
}
ALL = SHARED


def digest(threads: int) -> str:
    """One hash over what all kernels give for many shapes."""
    rng = np.random.default_rng(20)
    result = hashlib.sha256()
    for height, width in ((1, 1), (3, 5), (40, 21), (37, 64), (20, 131), (3, 1000)):
        for channels in (1, 2, 3, 4):
            array = rng.integers(0, 256, (height, width, channels), np.uint8)
            for operation in ALL.values():
                result.update(operation(array, threads=threads).tobytes())
    return result.hexdigest()
