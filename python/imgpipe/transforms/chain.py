"""What a chain of transforms tells before it runs."""

from collections.abc import Sequence

from imgpipe.transforms.base import ImageTransform
from imgpipe.transforms.geometry import Sizing
from imgpipe.transforms.tone import Grayscale


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
    """Whether a chain looks at nothing but luma: Grayscale comes first, or right after a resize."""
    rest = transforms[1:] if transforms and isinstance(transforms[0], Sizing) else transforms
    return bool(rest) and isinstance(rest[0], Grayscale)
