"""What is told about each picture and about a whole run."""

from dataclasses import dataclass
from pathlib import Path

from imgpipe.losses import Loss


@dataclass(frozen=True, slots=True)
class ProcessingResult:
    """What became of one output.

    `output_path` is None where nothing was made; `error` says why, or is None. `duration` is the
    seconds its picture was worked on, waiting left out. `skipped` says why an output that is not
    made anew was left as it is, or is None; such a result is a success. `step` is the step that
    failed, or None. `lost` is what the output no longer has of its input.
    """

    original_path: Path
    success: bool
    output_path: Path | None
    error: str | None
    duration: float
    skipped: str | None = None
    step: str | None = None
    lost: tuple[Loss, ...] = ()


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
