"""Transform: an Image in, the changed Image out."""

from collections.abc import Iterable
from pathlib import Path

from imgpipe.errors import TransformError
from imgpipe.image import Image
from imgpipe.transforms import ImageTransform, apply_transforms


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
