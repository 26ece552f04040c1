"""The libraries we are measured against, each on one thread."""

import os
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from imgpipe import kernels

from .contest import Array, Missing

os.environ["VIPS_CONCURRENCY"] = "1"  # libvips reads it when it is loaded

DISTRIBUTIONS = {
    "OpenCV": "opencv-python-headless",
    "libvips": "pyvips-binary",
    "Pillow": "Pillow",
    "SciPy": "scipy",
}


def _library(name: str, module: str) -> Any:
    try:
        return import_module(module)
    except (ImportError, OSError) as error:  # pyvips without its library is an OSError
        raise Missing(f"{name} is not installed") from error


def opencv() -> Any:
    cv2 = _library("OpenCV", "cv2")
    cv2.setNumThreads(1)
    return cv2


def vips() -> Any:
    pyvips = _library("libvips", "pyvips")
    pyvips.cache_set_max(0)
    return pyvips


def pillow() -> Any:
    return _library("Pillow", "PIL.Image")


def pillow_filters() -> Any:
    return _library("Pillow", "PIL.ImageFilter")


def scipy() -> Any:
    return _library("SciPy", "scipy.ndimage")


def kernel(name: str) -> Callable[..., Array]:
    """The function of imgpipe.kernels of that name."""
    found: Callable[..., Array] | None = getattr(kernels, name, None)
    if found is None:
        raise Missing(f"imgpipe.kernels has no {name} yet")
    return found


def vips_image(array: Array) -> Any:
    """`array`, of uint8, as an image of libvips on the same memory."""
    height, width, bands = array.shape
    return vips().Image.new_from_memory(array, width, height, bands, "uchar")


def vips_array(image: Any) -> Array:
    """Make libvips calculate."""
    shape = image.height, image.width, image.bands
    return np.frombuffer(image.write_to_memory(), np.uint8).reshape(shape)


def versions() -> dict[str, str]:
    """The peers that are installed."""
    found = {}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found
