"""A decoded picture, at the sizes that what is made of it starts from."""

import weakref

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.sizing import MIRRORED_ACROSS, MIRRORED_DOWN


class Source:
    """A picture and its halves, made when they are asked for.

    `size` is its full (width, height), upright, though it may have been decoded smaller;
    `orientation` is how it was turned then. A half is a function of the picture alone, so outputs
    do not depend on what else is made. After `uses` starts it is kept here no longer, so that its
    memory is free while the last output is made; None is any number of them.
    """

    def __init__(
        self,
        image: Image,
        size: tuple[int, int],
        orientation: int = 1,
        uses: int | None = None,
    ) -> None:
        self.size = size
        self.orientation = orientation
        self._levels = [image]
        self._pixels = weakref.ref(image.pixels)
        self._uses = uses

    def start(self, size: tuple[float, float] | None) -> Image:
        """What an output is made of: all, or a half or so of at least this (width, height)."""
        image = self._at_least(*size) if size else self.image
        if self._uses is not None:
            self._uses -= 1
            if not self._uses:
                self._levels = []
        return image

    def is_untouched(self, image: Image) -> bool:
        """Whether an output's pixels are the picture's own."""
        return image.pixels is self._pixels()

    @property
    def image(self) -> Image:
        """The picture as it was decoded."""
        return self._levels[0]

    def _at_least(self, width: float, height: float) -> Image:
        """The smallest of picture, half, quarter and so on that has at least this size."""
        level = 0
        while True:
            image = self._levels[level]
            half = -(-image.width // 2), -(-image.height // 2)
            too_small = half[0] < width or half[1] < height or half == (image.width, image.height)
            if too_small or max(half) > MAX_SIDE:  # which are too long to be made, not to be read
                return image
            level += 1
            if level == len(self._levels):
                self._levels.append(image.each(self._halved))

    def _halved(self, image: Image) -> Image:
        """Means of two by two pixels, counted from the edges that a smaller decode counts from."""
        wide, high = 2 * -(-image.width // 2), 2 * -(-image.height // 2)
        left = image.width - wide if self.orientation in MIRRORED_ACROSS else 0
        top = image.height - high if self.orientation in MIRRORED_DOWN else 0
        half, box = (wide // 2, high // 2), (left, top, wide, high)
        return image.with_pixels(kernels.resize(image.pixels, half, filter="box", box=box))
