"""What travels between lanes: a few pictures together, each with its result so far."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from imgpipe.errors import ImageError
from imgpipe.runlog import Row
from imgpipe.steps.plan import Job

A = TypeVar("A")
B = TypeVar("B")

SMALL_BYTES = 64 * 1024
_LIGHT_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Item(Generic[A]):
    """One picture on its way: its job, its rows in the log, and what the last step gave.

    That is the error once a step has failed. `seconds` is what the steps have taken, `since` when
    the last one ended, in nanoseconds, `reserved` the bytes of memory that are set aside for it.
    """

    job: Job
    rows: tuple[Row, ...]
    result: A | ImageError
    seconds: float = 0.0
    reserved: int = 0
    since: int = 0

    def through(self, step: "Callable[[Item[A], A], B]") -> "Item[B]":
        """The item after one more step; an error passes by untouched."""
        if isinstance(self.result, ImageError):
            return Item(self.job, self.rows, self.result, self.seconds, self.reserved, self.since)
        start = time.perf_counter_ns()
        try:
            result: B | ImageError = step(self, self.result)
        except ImageError as error:
            result = error
        end = time.perf_counter_ns()
        seconds = self.seconds + (end - start) / 1e9
        return Item(self.job, self.rows, result, seconds, self.reserved, end)


Parcel = tuple[Item[A], ...]


def is_small(parcel: Parcel[Any]) -> bool:
    """Whether it may hold several pictures, as their files are small."""
    return all(item.job.found.size <= SMALL_BYTES for item in parcel)


def is_light(parcel: Parcel[Any]) -> bool:
    """Whether its files weigh little beside what is made of them."""
    return not heavy_bytes(parcel)


def file_bytes(parcel: Parcel[Any]) -> int:
    """What its files weigh."""
    return sum(item.job.found.size for item in parcel)


def heavy_bytes(parcel: Parcel[Any]) -> int:
    """What its files weigh that weigh much."""
    sizes = (item.job.found.size for item in parcel)
    return sum(size for size in sizes if size > _LIGHT_BYTES)


def cut(
    items: Sequence[Item[A]], batch_size: int, workers: int, in_flight: Callable[[], int]
) -> Iterator[Parcel[A]]:
    """One large file to a parcel, or up to `batch_size` small ones.

    A parcel is small while little is in flight, and towards the end, so that no worker goes idle.
    """
    left = sum(item.job.found.size <= SMALL_BYTES for item in items)
    parcel: list[Item[A]] = []
    for item in items:
        if item.job.found.size > SMALL_BYTES:
            yield (item,)
            continue
        parcel.append(item)
        if len(parcel) >= min(batch_size, left // workers, in_flight() // workers):
            yield tuple(parcel)
            left -= len(parcel)
            parcel = []
    if parcel:
        yield tuple(parcel)
