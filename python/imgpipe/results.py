"""What is told about each picture and about a whole run."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import eq, itemgetter
from pathlib import Path
from typing import Any, TypeVar, overload

from imgpipe.errors import ConfigError
from imgpipe.losses import Loss
from imgpipe.metrics import AtomicCounter
from imgpipe.spool import Row, Spool

T_co = TypeVar("T_co", covariant=True)

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ProcessingResult:
    """What became of one output.

    `output_path` is None where nothing was made; `error` says why, or is None. `duration` is the
    seconds its picture was worked on, without waits between the steps. `skipped` says why an output
    that is not made anew was left as it is, or is None; such a result is a success, unless it
    `failed in an earlier run`. `step` is the step that failed, or None. `lost` is what the output
    no longer has of its input, `variant` its name among several, empty for one that is alone.
    """

    original_path: Path
    success: bool
    output_path: Path | None
    error: str | None
    duration: float
    skipped: str | None = None
    step: str | None = None
    lost: tuple[Loss, ...] = ()
    variant: str = ""


class ProcessingStats:
    """Counts over many results, from any threads."""

    def __init__(self) -> None:
        self._processed = AtomicCounter()
        self._failed = AtomicCounter()
        self._nanoseconds = AtomicCounter()

    @property
    def total_processed(self) -> int:
        """Pictures that came out well."""
        return self._processed.get()

    @property
    def total_failed(self) -> int:
        """Pictures that did not."""
        return self._failed.get()

    @property
    def total_duration(self) -> float:
        """Seconds that all of them were worked on."""
        return self._nanoseconds.get() / 1e9

    def add(self, result: ProcessingResult) -> None:
        """Count one more result."""
        self._nanoseconds.add(round(result.duration * 1e9))
        (self._processed if result.success else self._failed).increment()

    def get_report(self) -> str:
        """One line.

        >>> ProcessingStats().get_report()
        'Processed: 0, Failed: 0, Avg time: 0ms'
        """
        average = self.total_duration / max(1, self.total_processed)
        return (
            f"Processed: {self.total_processed}, Failed: {self.total_failed}, "
            f"Avg time: {average * 1000:.0f}ms"
        )


@dataclass(frozen=True)
class ProcessingLog:
    """What became of the pictures of a run, each in one of three lists.

    `successful` have all their outputs; `failed` are pairs of a picture and the reason, which names
    the variant; `skipped` were up to date already, or their outputs' names were taken. Those of a
    run keep a million entries on the disk, in a file that is gone with them.
    """

    successful: Sequence[Path] = ()
    failed: Sequence[tuple[Path, str]] = ()
    skipped: Sequence[Path] = ()

    def __post_init__(self) -> None:
        for name in ("successful", "failed", "skipped"):
            given = getattr(self, name)
            object.__setattr__(self, name, given if isinstance(given, Kept) else list(given))

    @classmethod
    def of(cls, results: Iterable[ProcessingResult]) -> "ProcessingLog":
        """The log of results, in the order in which pictures were first heard of."""
        keeper = LogKeeper()
        for result in results:
            keeper.add(result)
        return keeper.log()

    def summary(self) -> str:
        """One line.

        >>> ProcessingLog([Path("a.jpg")], [(Path("b.jpg"), "empty")]).summary()
        'Successful: 1, Failed: 1, Skipped: 0'
        """
        return (
            f"Successful: {len(self.successful)}, Failed: {len(self.failed)}, "
            f"Skipped: {len(self.skipped)}"
        )

    def to_json(self) -> str:
        """The log as text; names that are no text come back as they were."""
        lists: dict[str, Any] = {
            "successful": [str(path) for path in self.successful],
            "failed": [[str(path), why] for path, why in self.failed],
            "skipped": [str(path) for path in self.skipped],
        }
        return json.dumps(lists, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "ProcessingLog":
        """The log that `to_json` wrote. Raises ConfigError for other text."""
        try:
            lists = json.loads(text)
            return cls(
                [Path(path) for path in lists["successful"]],
                [(Path(path), str(why)) for path, why in lists["failed"]],
                [Path(path) for path in lists["skipped"]],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"Expected a log that save_log wrote, got: {error}") from None


class LogKeeper:
    """Makes a ProcessingLog of results as they come, however many there are."""

    def __init__(self) -> None:
        self._rows = Spool(5, keys=2)  # picture, order, variant, error, whether it was skipped

    def add(self, result: ProcessingResult) -> None:
        """Take in one more."""
        path, variant = os.fsencode(result.original_path), result.variant
        error = None if result.success else result.error or ""
        self._rows.add((path, len(self._rows), variant, error, bool(result.skipped)))

    def log(self) -> ProcessingLog:
        """What they come to."""
        successful, failed, skipped = (Spool(3, keys=1) for _ in range(3))
        for path, group in groupby(self._rows, itemgetter(0)):
            rows = list(group)
            first = rows[0][1]
            reasons = [
                _reason(variant, error) for _, _, variant, error, _ in rows if error is not None
            ]
            if reasons:
                failed.add((first, path, "; ".join(reasons)))
            elif all(was_skipped for *_, was_skipped in rows):
                skipped.add((first, path, ""))
            else:
                successful.add((first, path, ""))
        self._rows.close()
        return ProcessingLog(
            Kept(successful, lambda row: Path(os.fsdecode(row[1]))),
            Kept(failed, lambda row: (Path(os.fsdecode(row[1])), row[2])),
            Kept(skipped, lambda row: Path(os.fsdecode(row[1]))),
        )


def _reason(variant: str, error: str) -> str:
    return f"{variant}: {error}" if variant else error


class Kept(Sequence[T_co]):
    """A list that may lie on the disk; equal to any sequence of the same items."""

    def __init__(self, rows: Spool, item: Callable[[Row], T_co]) -> None:
        self._rows = rows
        self._item = item

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T_co]:
        return map(self._item, self._rows)

    @overload
    def __getitem__(self, index: int) -> T_co: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T_co]: ...

    def __getitem__(self, index: int | slice) -> T_co | Sequence[T_co]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"Expected an index below {len(self)}, got {index}")
        return self._item(self._rows.at(number))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:_SHOWN]))
        return f"[{shown}, ... {len(self)} in all]" if len(self) > _SHOWN else f"[{shown}]"
