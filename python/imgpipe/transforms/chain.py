"""What a chain of transforms tells before it runs, and how it runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.transforms.base import ImageTransform
from imgpipe.transforms.frame import AutoOrient
from imgpipe.transforms.sizing import Sizing
from imgpipe.transforms.tone import Curve, Grayscale

_SAMPLES_A_LEVEL = 16


def resize_first(transforms: Sequence[ImageTransform]) -> tuple[ImageTransform, ...]:
    """The chain with its resize before a Grayscale that precedes it, which comes to the same.

    Both are sums of samples. Not for a resize that looks at colours or brings one in.
    """
    chain = tuple(step for step in transforms if not isinstance(step, AutoOrient))  # which is done
    at = next((i for i, step in enumerate(chain) if not isinstance(step, Grayscale)), len(chain))
    first = chain[at] if at < len(chain) else None
    colours = getattr(first, "position", None) == "attention" or getattr(first, "background", None)
    if not isinstance(first, Sizing) or colours:
        return chain
    return (first, *chain[:at], *chain[at + 1 :])


def leading_size(
    transforms: Sequence[ImageTransform], width: int, height: int
) -> tuple[int, int] | None:
    """The size a chain resamples a picture of `width` by `height` to before it does anything else.

    None where it does not: then all pixels are needed.
    """
    first = next(iter(resize_first(transforms)), None)
    if not isinstance(first, Sizing):
        return None
    size = first.size_of(width, height)
    return None if size == (width, height) else size


def starts_grey(transforms: Sequence[ImageTransform]) -> bool:
    """Whether a chain looks at nothing but luma: Grayscale comes first, or right after a resize.

    Not after one that looks at colours to know what to cut off.
    """
    chain = resize_first(transforms)
    first = chain[0] if chain else None
    looks = getattr(first, "position", None) == "attention"
    rest = chain[1:] if isinstance(first, Sizing) and not looks else chain
    return bool(rest) and isinstance(rest[0], Grayscale)


def changes(transforms: Iterable[ImageTransform]) -> Iterator[Callable[[Image], Image]]:
    """What transforms do to a picture, in turn; curves that follow each other are one pass."""
    for is_curve, group in groupby(transforms, lambda step: isinstance(step, Curve)):
        steps = tuple(group)
        if is_curve and len(steps) > 1:
            yield partial(_through_curves, curves=steps)
        else:
            yield from (partial(_through, step=step) for step in steps)


def _through_curves(image: Image, curves: tuple[ImageTransform, ...]) -> Image:
    if image.measure is None and image.pixels.dtype != np.float32 and _pays(image):
        curve = _curve(curves, image.pixels.dtype)
        return image.each(partial(_looked_up, curve=curve))
    return _one_by_one(image, curves)


def _pays(image: Image) -> bool:
    """Whether one pass is worth the making of its curve."""
    levels = np.iinfo(image.pixels.dtype).max + 1
    return image.pixels.size >= _SAMPLES_A_LEVEL * levels


@lru_cache(maxsize=16)
def _curve(curves: tuple[ImageTransform, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """What all of `curves` make of each level."""
    levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[np.newaxis]
    return _one_by_one(Image.from_array(levels), curves).pixels.ravel()


def _one_by_one(image: Image, curves: tuple[ImageTransform, ...]) -> Image:
    for step in curves:
        image = _through(image, step)
    return image


def _through(image: Image, step: ImageTransform) -> Image:
    return image.each(partial(_follow, step=step, model=image.still()))


def _looked_up(image: Image, curve: NDArray[Any]) -> Image:
    return image.with_pixels(kernels.lookup(image.pixels, curve))


def _follow(frame: Image, step: ImageTransform, model: Image) -> Image:
    return step.apply(frame) if frame.pixels is model.pixels else step.follow(frame, model)
