"""A decoded picture, at the sizes that what is made of it starts from."""

from imgpipe import kernels
from imgpipe.image import Image


class Source:
    """A picture and its halves, made when they are asked for.

    `size` is its full (width, height), upright, though it may have been decoded smaller. A half is
    a function of the picture alone, so outputs do not depend on what else is made.
    """

    def __init__(self, image: Image, size: tuple[int, int]) -> None:
        self.size = size
        self._levels = [image]

    @property
    def image(self) -> Image:
        """The picture as it was decoded."""
        return self._levels[0]

    def at_least(self, width: int, height: int) -> Image:
        """The smallest of picture, half, quarter and so on that has at least this size."""
        level = 0
        while True:
            image = self._levels[level]
            half = -(-image.width // 2), -(-image.height // 2)
            if half[0] < width or half[1] < height or half == (image.width, image.height):
                return image
            level += 1
            if level == len(self._levels):
                smaller = kernels.resize(image.pixels, half, filter="box")
                self._levels.append(image.with_pixels(smaller))
