"""Arguments that kernels are given, refused with a sentence where they make no sense."""

import sys
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any


def number(value: Any, low: float, high: float, name: str, *, above: bool = False) -> float:
    """`value` as a float. Raises TypeError or ValueError unless it is a number in the range.

    The range is from `low` to `high`; `above` leaves `low` itself out.
    """
    _check_real(value, name)
    if not low <= value <= high or (above and value == low):  # the first is True for NaN
        start = f"above {low:g} and up" if above else f"from {low:g}"
        raise ValueError(f"Expected {name} {start} to {high:g}, got {value}")
    return float(value)


def finite(value: Any, name: str) -> float:
    """`value` as a float. Raises TypeError or ValueError unless it is a finite number."""
    _check_real(value, name)
    if not abs(value) <= sys.float_info.max:  # True for NaN
        raise ValueError(f"Expected a finite {name}, got {value}")
    return float(value)


def whole(value: Any, low: int, high: int, name: str) -> int:
    """`value` as an int. Raises ValueError unless it is a whole number in the range."""
    if not _is_whole(value) or not low <= value <= high:
        raise ValueError(f"Expected a whole {name} from {low} to {high}, got {value!r}")
    return int(value)


def odd(value: Any, low: int, high: int, name: str) -> int:
    """`value` as an int. Raises ValueError unless it is an odd number in the range."""
    if not _is_whole(value) or not low <= value <= high or value % 2 == 0:
        raise ValueError(f"Expected an odd {name} from {low} to {high}, got {value!r}")
    return int(value)


def wholes(value: Any, count: int, low: int, high: int, name: str) -> list[int]:
    """`value` as ints. Raises ValueError unless it is `count` whole numbers in the range."""
    try:
        parts = list(value)
    except TypeError:
        parts = []
    fit = len(parts) == count and all(map(_is_whole, parts))
    if not fit or min(parts) < low or max(parts) > high:
        raise ValueError(
            f"Expected {name} to be {count} whole numbers from {low} to {high}, got {value!r}"
        )
    return list(map(int, parts))


def one_of(value: Any, choices: Collection[str], name: str) -> str:
    """`value` itself. Raises ValueError unless it is one of the texts in `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"Expected {name} to be one of {', '.join(choices)}, got {value!r}")
    return value


def _check_real(value: Any, name: str) -> None:
    if type(value) not in (float, int) and (isinstance(value, bool) or not isinstance(value, Real)):
        raise TypeError(f"Expected {name} to be a number, got {value!r}")


def _is_whole(value: Any) -> bool:
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))
