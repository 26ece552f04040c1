"""What a transform is, and how arguments are read and refused."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from numbers import Real
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from imgpipe.image import Image


@dataclass(frozen=True)
class ImageTransform:
    """A change to a picture: frozen data with one method, equal when its fields are.

    Every kind has a `name`, by which recipes and the command call it, as in `thumbnail:256`.
    Arguments that make no sense raise ValueError or TypeError when a transform is made, not when
    it is used.
    """

    name: ClassVar[str]
    usage: ClassVar[str]

    @abstractmethod
    def apply(self, image: Image) -> Image:
        """A new picture; `image` stays as it is."""

    def follow(self, image: Image, model: Image) -> Image:
        """What becomes of a later frame of a film, whose first one is `model`.

        What is looked for is looked for in `model`, so that all frames change alike.
        """
        return self.apply(image)

    def reach(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that what comes of a picture of `width` by `height` has at most."""
        return width, height

    @classmethod
    def parse(cls, arguments: str) -> Self:
        """The transform that `arguments`, the part after the colon, spell: numbers, `x` between."""
        given = fields(cls)
        least = sum(field.default is MISSING for field in given)
        if arguments and not given:
            raise ValueError(f"Expected {cls.usage} without arguments, got {arguments!r}")
        return cls(*numbers(arguments, range(least, len(given) + 1), cls.usage))

    def spell(self) -> str:
        """How a recipe writes this transform; `parse_transform` reads it back."""
        values = (str(getattr(self, field.name)).removesuffix(".0") for field in fields(self))
        arguments = "x".join(values)
        return f"{self.name}:{arguments}" if arguments else self.name


@dataclass(frozen=True)
class PixelTransform(ImageTransform):
    """A transform that makes pixels of pixels and looks at nothing else."""

    @abstractmethod
    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """What (H, W, C) becomes."""

    def apply(self, image: Image) -> Image:
        return image.with_pixels(self.change(image.pixels))


@contextmanager
def reading(arguments: str, usage: str) -> Iterator[None]:
    """Make a ValueError that does not say what was expected one that says `usage`."""
    try:
        yield
    except ValueError as error:
        if str(error).startswith("Expected"):
            raise
        got = repr(arguments) if arguments else "nothing after the name"
        raise ValueError(f"Expected {usage}, got {got}") from None


def numbers(arguments: str, counts: range, usage: str) -> list[float]:
    """As many numbers as `counts` allows, `x` between them. Raises ValueError with `usage`."""
    parts = arguments.lower().split("x") if arguments else []
    with reading(arguments, usage):
        if len(parts) not in counts:
            raise ValueError
        return [float(part) for part in parts]


def whole_number(value: Any, low: int, high: int, what: str) -> int:
    """`value` as an int. Raises ValueError that names `what`, unless whole and in range."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if number and low <= value <= high and value == int(value):
        return int(value)
    got = f"{value:g}" if isinstance(value, float) else repr(value)
    raise ValueError(f"Expected a whole {what} from {low} to {high}, got {got}")


def make_whole(transform: ImageTransform, low: int, high: int, *names: str) -> None:
    """Check that fields of `transform` are whole numbers in range, and make ints of them.

    Raises ValueError that names the field and the transform.
    """
    for name in names:
        value = getattr(transform, name)
        value = whole_number(value, low, high, f"{name} for {transform.name}")
        object.__setattr__(transform, name, value)
