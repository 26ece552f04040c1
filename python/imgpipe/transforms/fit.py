"""`Fit`: into a box, by any of the ways a picture may fit one."""

from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.checks import one_of
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.attention import most_salient
from imgpipe.transforms.base import whole_number
from imgpipe.transforms.frame import check_background, padded
from imgpipe.transforms.sizing import Sizing, scaled

MODES = ("contain", "cover", "fill", "inside", "outside")
ATTENTION = "attention"

# How much of what is left over lies before the picture, across and down, in halves.
_GRAVITIES = {
    "center": (1, 1),
    "top": (1, 0),
    "bottom": (1, 2),
    "left": (0, 1),
    "right": (2, 1),
    "top-left": (0, 0),
    "top-right": (2, 0),
    "bottom-left": (0, 2),
    "bottom-right": (2, 2),
}
POSITIONS = (*_GRAVITIES, ATTENTION)


@dataclass(frozen=True)
class Fit(Sizing):
    """Fitted into a box of `width` by `height` pixels, made larger where that takes it.

    By `mode`: `contain` inside the box, the rest of which is filled with `background`; `cover` over
    all of it, what reaches out being cut off; `fill` exactly, its shape not kept; `inside` as
    large as it can be within; `outside` as small as it can be around it. `position` says where
    the picture lies, or what is cut off: `center`, `top`, `left`, `top-left` and so on, or
    `attention`, which for `cover` keeps what draws the eye. `background` is a colour, None meaning
    white, or clear where there is transparency.

    Raises ValueError for anything else.
    """

    width: int
    height: int
    mode: str = "contain"
    position: str = "center"
    background: str | None = None

    name: ClassVar[str] = "fit"
    usage: ClassVar[str] = "fit:800x600:cover or fit:800x600:cover:attention"

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            value = whole_number(getattr(self, side), 1, MAX_SIDE, f"{side} for fit")
            object.__setattr__(self, side, value)
        one_of(self.mode, MODES, "mode for fit")
        one_of(self.position, POSITIONS, "position for fit")
        check_background(self.background)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        if self.mode == "fill":
            return self.width, self.height
        wider = width * self.height > height * self.width  # than the box
        by_width = wider if self.mode in ("contain", "inside") else not wider
        if by_width:
            return self.width, scaled(height, self.width, width)
        return scaled(width, self.height, height), self.height

    def apply_to(self, image: Image, size: tuple[int, int]) -> Image:
        image = super().apply_to(image, size)
        spare = self.width - image.width, self.height - image.height
        if self.mode == "contain":
            left, top = self._before(spare)
            return padded(image, left, top, spare[0] - left, spare[1] - top, self.background)
        if self.mode == "cover":
            x, y = self._corner(image)
            box = x, y, self.width, self.height
            return image.with_pixels(kernels.crop(image.pixels, box))
        return image

    def _before(self, spare: tuple[int, int]) -> tuple[int, int]:
        across, down = _GRAVITIES.get(self.position, (1, 1))
        return spare[0] * across // 2, spare[1] * down // 2

    def _corner(self, image: Image) -> tuple[int, int]:
        """The upper left corner of what is kept."""
        if self.position == ATTENTION:
            return most_salient(image, self.width, self.height)
        return self._before((image.width - self.width, image.height - self.height))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        sides, *words = arguments.lower().split(":")
        try:
            width, height = map(int, sides.split("x"))
            return cls(width, height, *words)
        except TypeError:  # too many words
            raise ValueError(f"Expected {cls.usage}, got {arguments!r}") from None
        except ValueError as error:
            if str(error).startswith("Expected"):
                raise
            got = repr(arguments) if arguments else "nothing after the name"
            raise ValueError(f"Expected {cls.usage}, got {got}") from None

    def spell(self) -> str:
        words = f"fit:{self.width}x{self.height}:{self.mode}:{self.position}"
        return words if self.background is None else f"{words}:{self.background.lower()}"
