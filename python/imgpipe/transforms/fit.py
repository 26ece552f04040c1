"""`Fit`: into a box, by any of the ways a picture may fit one."""

from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.checks import one_of
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.attention import most_salient
from imgpipe.transforms.base import reading, whole_number
from imgpipe.transforms.frame import checked_background, padded
from imgpipe.transforms.sizing import Sizing, scaled

MODES = ("contain", "cover", "fill", "inside", "outside")
ATTENTION = "attention"
_NO_ENLARGE = "no-enlarge"

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
    """Fitted into a box of `width` by `height` pixels; None for one side is what keeps the shape.

    By `mode`: `contain` inside the box, the rest of which is filled with `background`; `cover` over
    all of it, what reaches out being cut off; `fill` exactly, its shape not kept; `inside` as
    large as it can be within; `outside` as small as it can be around it. `position` says where
    the picture lies, or what is cut off: `center`, `top`, `left`, `top-left` and so on, or
    `attention`, which for `cover` keeps what draws the eye. `background` is a colour, None meaning
    white, or clear where there is transparency. Without `enlarge` no side is made longer than it
    is, which may leave the result smaller than the box.

    Raises ValueError for anything else.
    """

    width: int | None
    height: int | None
    mode: str = "contain"
    position: str = "center"
    background: str | None = None
    enlarge: bool = True

    name: ClassVar[str] = "fit"
    usage: ClassVar[str] = "fit:800x600:cover, fit:800x600:cover:attention or fit:800x:inside"

    def __post_init__(self) -> None:
        if self.width is None and self.height is None:
            raise ValueError("Expected a width or a height for fit, got neither")
        for side in ("width", "height"):
            if getattr(self, side) is not None:
                value = whole_number(getattr(self, side), 1, MAX_SIDE, f"{side} for fit")
                object.__setattr__(self, side, value)
        one_of(self.mode, MODES, "mode for fit")
        one_of(self.position, POSITIONS if self.mode == "cover" else _GRAVITIES, "position for fit")
        object.__setattr__(self, "background", checked_background(self.background))

    def _box(self, width: int, height: int) -> tuple[int, int]:
        return (
            self.width or scaled(width, self.height or 1, height),
            self.height or scaled(height, self.width or 1, width),
        )

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        wide, high = self._box(width, height)
        if self.mode != "fill":
            wider = width * high > height * wide  # than the box
            if wider == (self.mode in ("contain", "inside")):
                high = scaled(height, wide, width)
            else:
                wide = scaled(width, high, height)
        if self.enlarge:
            return wide, high
        if self.mode == "fill":
            return min(wide, width), min(high, height)
        return (wide, high) if wide <= width and high <= height else (width, height)

    def reach(self, width: int, height: int) -> tuple[int, int]:
        resized, box = self.size_of(width, height), self._box(width, height)
        return max(resized[0], box[0]), max(resized[1], box[1])

    def apply_to(
        self,
        image: Image,
        size: tuple[int, int],
        orientation: int = 1,
        model: Image | None = None,
    ) -> Image:
        image = super().apply_to(image, size, orientation)
        box = self._box(*size)
        if self.mode == "contain":
            across, down = box[0] - image.width, box[1] - image.height
            left, top = self._before(across, down)
            return padded(image, left, top, across - left, down - top, self.background)
        if self.mode == "cover":
            wide, high = min(box[0], image.width), min(box[1], image.height)
            shown = image if model is None else super().apply_to(model, size, orientation)
            x, y = self._corner(shown, wide, high)
            return image.with_pixels(kernels.crop(image.pixels, (x, y, wide, high)))
        return image

    def _before(self, across: int, down: int) -> tuple[int, int]:
        """How much of what is left over comes before the picture."""
        right, below = _GRAVITIES[self.position]
        return across * right // 2, down * below // 2

    def _corner(self, image: Image, width: int, height: int) -> tuple[int, int]:
        """The upper left corner of what is kept."""
        if self.position == ATTENTION:
            return most_salient(image, width, height)
        return self._before(image.width - width, image.height - height)

    @classmethod
    def parse(cls, arguments: str) -> Self:
        sides, *words = arguments.lower().split(":")
        keeps = words[-1:] == [_NO_ENLARGE]
        words = words[:-1] if keeps else words
        with reading(arguments, cls.usage):
            width, height = (int(side) if side else None for side in sides.split("x"))
            mode, position, background, *more = [*words, *("contain", "center", "")[len(words) :]]
            if more:
                raise ValueError
            return cls(width, height, mode, position, background or None, not keeps)

    def spell(self) -> str:
        words = [f"fit:{self.width or ''}x{self.height or ''}", self.mode, self.position]
        words += [self.background] if self.background is not None else []
        return ":".join(words if self.enlarge else [*words, _NO_ENLARGE])
