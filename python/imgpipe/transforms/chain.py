"""What a chain of transforms tells before it runs, and how it runs."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.transforms.base import ImageTransform
from imgpipe.transforms.sizing import Sizing
from imgpipe.transforms.tone import Curve, Grayscale


def leading_size(
    transforms: Sequence[ImageTransform], width: int, height: int
) -> tuple[int, int] | None:
    """The size a chain resamples a picture of `width` by `height` to before it does anything else.

    None where it does not: then all pixels are needed.
    """
    first = transforms[0] if transforms else None
    if not isinstance(first, Sizing):
        return None
    size = first.size_of(width, height)
    return None if size == (width, height) else size


def starts_grey(transforms: Sequence[ImageTransform]) -> bool:
    """Whether a chain looks at nothing but luma: Grayscale comes first, or right after a resize.

    Not after one that looks at colours to know what to cut off.
    """
    first = transforms[0] if transforms else None
    looks = getattr(first, "position", None) == "attention"
    rest = transforms[1:] if isinstance(first, Sizing) and not looks else transforms
    return bool(rest) and isinstance(rest[0], Grayscale)


def run_chain(image: Image, transforms: Iterable[ImageTransform]) -> Image:
    """`image` with changes made in turn; curves that follow each other are one pass."""
    for is_curve, group in groupby(transforms, lambda step: isinstance(step, Curve)):
        steps = list(group)
        if is_curve and len(steps) > 1 and image.pixels.dtype != np.float32:
            image = _fused(image, steps)
        else:
            image = _each(image, steps)
    return image


def _fused(image: Image, curves: Sequence[ImageTransform]) -> Image:
    dtype = image.pixels.dtype
    levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[np.newaxis]
    curve = _each(Image.from_array(levels), curves).pixels.ravel()
    return image.with_pixels(kernels.lookup(image.pixels, curve))


def _each(image: Image, transforms: Iterable[ImageTransform]) -> Image:
    for step in transforms:
        image = step.apply(image)
    return image
