"""What a run of the benchmarks has gathered, for the report."""

from dataclasses import dataclass, field

from .contest import Outcome


@dataclass(frozen=True, slots=True)
class Series:
    """A table of its own: a title, what was done, and cells as they are printed."""

    title: str
    how: str
    head: list[str]
    lines: list[list[str]]


@dataclass(slots=True)
class Book:
    outcomes: list[Outcome] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
