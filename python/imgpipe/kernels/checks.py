"""Numbers that kernels are given, refused with a sentence where they make no sense."""

from numbers import Integral, Real
from typing import Any


def number(value: Any, low: float, high: float, name: str) -> float:
    """`value` as a float. Raises TypeError or ValueError unless it is a number in the range."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"Expected {name} to be a number, got {value!r}")
    real = float(value)
    if not low <= real <= high:  # False for NaN
        raise ValueError(f"Expected {name} from {low:g} to {high:g}, got {value}")
    return real


def whole(value: Any, low: int, high: int, name: str) -> int:
    """`value` as an int. Raises ValueError unless it is a whole number in the range."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not low <= int(value) <= high:
        raise ValueError(f"Expected a whole {name} from {low} to {high}, got {value!r}")
    return int(value)


def pair(value: Any, low: int, high: int, name: str) -> tuple[int, int]:
    """`value` as two ints. Raises ValueError unless it is two whole numbers in the range."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ValueError(f"Expected {name} to be two whole numbers, got {value!r}") from None
    return whole(first, low, high, name), whole(second, low, high, name)
