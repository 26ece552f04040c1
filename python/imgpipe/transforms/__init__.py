"""The changes a picture can go through, how a recipe spells them, and how they are applied."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from imgpipe.image import Image
from imgpipe.transforms.base import ImageTransform
from imgpipe.transforms.chain import changes, leading_size, resize_first, starts_grey
from imgpipe.transforms.filters import (
    Blur,
    BoxBlur,
    Convolve,
    EdgeDetect,
    Emboss,
    Median,
    Sharpen,
    Sobel,
    UnsharpMask,
    apply_kernel,
)
from imgpipe.transforms.fit import Fit
from imgpipe.transforms.frame import (
    AutoOrient,
    Crop,
    FlipHorizontal,
    FlipVertical,
    Pad,
    Rotate,
    Rotate90,
    Rotate180,
    Rotate270,
)
from imgpipe.transforms.sizing import (
    Height,
    Resize,
    Sizing,
    Thumbnail,
    Width,
)
from imgpipe.transforms.tone import (
    AutoContrast,
    Brighten,
    Clahe,
    Contrast,
    Equalize,
    Gamma,
    Grayscale,
    Saturation,
    Window,
)

if TYPE_CHECKING:
    import PIL.Image

KINDS: tuple[type[ImageTransform], ...] = (
    Resize,
    Thumbnail,
    Width,
    Height,
    Fit,
    Crop,
    Pad,
    AutoOrient,
    Rotate,
    Rotate90,
    Rotate180,
    Rotate270,
    FlipHorizontal,
    FlipVertical,
    Grayscale,
    Brighten,
    Contrast,
    Gamma,
    Saturation,
    AutoContrast,
    Equalize,
    Clahe,
    Window,
    Blur,
    BoxBlur,
    Median,
    Sharpen,
    UnsharpMask,
    EdgeDetect,
    Sobel,
    Emboss,
    Convolve,
)

_BY_NAME = {kind.name: kind for kind in KINDS}


def parse_transform(text: str) -> ImageTransform:
    """The transform that `text` spells, such as `thumbnail:256`, `blur:2` or `grayscale`.

    Raises ValueError that says what was expected.

    >>> parse_transform("resize:800x600")
    Resize(width=800, height=600)
    """
    name, _, arguments = text.strip().partition(":")
    name = name.lower().replace("_", "-")
    if name in _BY_NAME:
        return _BY_NAME[name].parse(arguments)
    close = get_close_matches(name, _BY_NAME, 1)
    expected = _BY_NAME[close[0]].usage if close else ", ".join(_BY_NAME)
    raise ValueError(f"Expected a transform such as {expected}, got {text!r}")


def apply_transform(
    image: "Image | PIL.Image.Image | NDArray[Any]", transform: ImageTransform
) -> Image:
    """`image`, an Image, a PIL image or an array of (H, W) or (H, W, C), with one change made."""
    return apply_transforms(image, (transform,))


def apply_transforms(
    image: "Image | PIL.Image.Image | NDArray[Any]", transforms: Iterable[ImageTransform]
) -> Image:
    """`image`, an Image, a PIL image or an array of (H, W) or (H, W, C), with changes made in turn.

    Brighten, Contrast, Gamma and Window that follow each other are one pass over the picture.

    >>> import numpy as np
    >>> apply_transforms(np.zeros((100, 200, 3), np.uint8), [Thumbnail(50), Rotate90()])
    <Image 25x50, 3 channels of uint8, srgb, from unknown>
    """
    chain = tuple(transforms)
    for transform in chain:
        if not isinstance(transform, ImageTransform):
            raise TypeError(f"Expected an ImageTransform, got {transform!r}")
    changed = _as_image(image)
    for change in changes(chain):
        changed = change(changed)
    return changed


def _as_image(image: Any) -> Image:
    if isinstance(image, Image):
        return image
    if hasattr(image, "getexif"):  # only a PIL image has it; asking so does not import Pillow
        return Image.from_pil(image)
    return Image.from_array(image)


__all__ = [
    "KINDS",
    "AutoContrast",
    "AutoOrient",
    "Blur",
    "BoxBlur",
    "Brighten",
    "Clahe",
    "Contrast",
    "Convolve",
    "Crop",
    "EdgeDetect",
    "Emboss",
    "Equalize",
    "Fit",
    "FlipHorizontal",
    "FlipVertical",
    "Gamma",
    "Grayscale",
    "Height",
    "ImageTransform",
    "Median",
    "Pad",
    "Resize",
    "Rotate",
    "Rotate90",
    "Rotate180",
    "Rotate270",
    "Saturation",
    "Sharpen",
    "Sizing",
    "Sobel",
    "Thumbnail",
    "UnsharpMask",
    "Width",
    "Window",
    "apply_kernel",
    "apply_transform",
    "apply_transforms",
    "changes",
    "leading_size",
    "parse_transform",
    "resize_first",
    "starts_grey",
]
