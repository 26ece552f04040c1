"""What a transform is, and how arguments are read and refused."""

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Self

from imgpipe.image import Image


@dataclass(frozen=True)
class ImageTransform:
    """A change to a picture: frozen data with one method, equal when its fields are.

    Every kind has a `name`, by which recipes and the command call it, as in `thumbnail:256`.
    Arguments that make no sense raise ValueError when a transform is made, not when it is used.
    """

    name: ClassVar[str]
    usage: ClassVar[str]

    @abstractmethod
    def apply(self, image: Image) -> Image:
        """A new picture; `image` stays as it is."""

    @classmethod
    def parse(cls, arguments: str) -> Self:
        """The transform that `arguments`, the part after the colon, spell."""
        if arguments:
            raise ValueError(f"Expected {cls.usage} without arguments, got {arguments!r}")
        return cls()

    def spell(self) -> str:
        """How a recipe writes this transform; `parse_transform` reads it back."""
        values = (str(getattr(self, field.name)).removesuffix(".0") for field in fields(self))
        arguments = "x".join(values)
        return f"{self.name}:{arguments}" if arguments else self.name


def numbers(arguments: str, count: int, usage: str) -> list[float]:
    """`count` numbers with `x` between them. Raises ValueError that shows `usage`."""
    parts = arguments.lower().split("x")
    try:
        if len(parts) != count:
            raise ValueError
        return [float(part) for part in parts]
    except ValueError:
        got = repr(arguments) if arguments else "nothing after the name"
        raise ValueError(f"Expected {usage}, got {got}") from None


def whole_number(value: float, low: int, high: int, what: str) -> int:
    """`value` as an int. Raises ValueError that names `what`, unless whole and in range."""
    if not isinstance(value, bool) and low <= value <= high and value == int(value):
        return int(value)
    raise ValueError(f"Expected a whole {what} from {low} to {high}, got {value:g}")
