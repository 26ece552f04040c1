"""What is told about each picture and about a whole run."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgpipe.errors import ConfigError
from imgpipe.losses import Loss


@dataclass(frozen=True, slots=True)
class ProcessingResult:
    """What became of one output.

    `output_path` is None where nothing was made; `error` says why, or is None. `duration` is the
    seconds its picture was worked on, waiting left out. `skipped` says why an output that is not
    made anew was left as it is, or is None; such a result is a success, unless it `failed in an
    earlier run`. `step` is the step that
    failed, or None. `lost` is what the output no longer has of its input, `variant` its
    name among several, empty for one that is alone.
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
    """Counts over many results. All changes come from one thread."""

    def __init__(self) -> None:
        self.total_processed = 0
        """Pictures that came out well."""
        self.total_failed = 0
        """Pictures that did not."""
        self.total_duration = 0.0
        """Seconds that all of them were worked on."""

    def add(self, result: ProcessingResult) -> None:
        """Count one more result."""
        if result.success:
            self.total_processed += 1
        else:
            self.total_failed += 1
        self.total_duration += result.duration

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
    the variant; `skipped` were up to date already, or their outputs' names were taken.
    """

    successful: Sequence[Path] = ()
    failed: Sequence[tuple[Path, str]] = ()
    skipped: Sequence[Path] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "successful", tuple(self.successful))
        object.__setattr__(self, "failed", tuple((path, why) for path, why in self.failed))
        object.__setattr__(self, "skipped", tuple(self.skipped))

    @classmethod
    def of(cls, results: Iterable[ProcessingResult]) -> "ProcessingLog":
        """The log of a run's results, in the order in which pictures were first heard of."""
        by_picture: dict[Path, list[ProcessingResult]] = {}
        for result in results:
            by_picture.setdefault(result.original_path, []).append(result)
        successful, failed, skipped = [], [], []
        for path, outputs in by_picture.items():
            reasons = [_reason(output) for output in outputs if not output.success]
            if reasons:
                failed.append((path, "; ".join(reasons)))
            elif all(output.skipped for output in outputs):
                skipped.append(path)
            else:
                successful.append(path)
        return cls(successful, failed, skipped)

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


def _reason(output: ProcessingResult) -> str:
    return f"{output.variant}: {output.error}" if output.variant else str(output.error)
