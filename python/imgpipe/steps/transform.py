"""Transform: an Image in, the changed Image out."""

from collections.abc import Iterable
from pathlib import Path

from imgpipe.colour import from_linear, to_linear, to_srgb
from imgpipe.errors import TransformError
from imgpipe.image import Image
from imgpipe.policy import Policy
from imgpipe.steps.source import Source
from imgpipe.transforms import (
    Grayscale,
    ImageTransform,
    Sizing,
    Window,
    apply_transforms,
    changes,
    leading_size,
    resize_first,
)


def transform(
    image: Image, transforms: Iterable[ImageTransform], path: Path | None = None
) -> Image:
    """`image` with changes made in turn.

    Raises TransformError where one cannot be made of this picture. `path` is only for the error.
    """
    try:
        return apply_transforms(image, transforms)
    except (ValueError, TypeError, MemoryError) as error:
        raise TransformError(f"{error}" or type(error).__name__, path) from error


def render(
    source: Source, transforms: tuple[ImageTransform, ...], policy: Policy, path: Path | None = None
) -> Image:
    """`source` with changes made in turn, a resize that comes first from a part of its pyramid.

    Colours are converted to sRGB once the picture is small, unless its profile is kept. Raises as
    `transform` does.
    """
    try:
        return _render(source, transforms, policy)
    except (ValueError, TypeError, MemoryError) as error:
        raise TransformError(f"{error}" or type(error).__name__, path) from error


def _render(source: Source, transforms: tuple[ImageTransform, ...], policy: Policy) -> Image:
    if not policy.linear:  # where light is resized, grey before it is not grey after it
        transforms = resize_first(transforms)
    size = leading_size(transforms, *source.size)
    enough = None  # but all of it: halves are means of numbers, not of light
    if size and not policy.linear:
        enough = policy.margin * size[0], policy.margin * size[1]
    image = source.start(enough)
    if transforms and isinstance(transforms[0], Sizing):
        image = _resized(image, transforms[0], source, policy)
        transforms = transforms[1:]
    if not any(isinstance(step, Window) for step in transforms):
        image = image.shown()
    greys = any(isinstance(step, Grayscale) for step in transforms)
    if greys or "icc" not in policy.keep:  # luma is that of sRGB's colours
        image = to_srgb(image)
    for change in changes(transforms):  # here, where nothing else holds what it was
        image = change(image)
    return image


def _resized(image: Image, first: Sizing, source: Source, policy: Policy) -> Image:
    dtype = image.pixels.dtype
    if policy.linear:
        image = to_srgb(image).each(to_linear)
    model = image.still() if image.frames else None
    image = image.each(lambda frame: first.apply_to(frame, source.size, source.orientation, model))
    return image.each(lambda frame: from_linear(frame, dtype)) if policy.linear else image
