"""How far a run is, for whoever watches."""

from dataclasses import dataclass
from enum import Enum


class ProcessingStage(Enum):
    """What a run is doing."""

    SCANNING = "Scanning"
    LOADING = "Loading"
    PROCESSING = "Processing"
    SAVING = "Saving"
    COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One look at a run: `processed` of `total` pictures are finished, those that failed too.

    `total` grows while folders are still being listed. `current_file` is the name of the picture
    that was finished last, or None.
    """

    processed: int
    total: int
    current_file: str | None
    stage: ProcessingStage

    def progress_percentage(self) -> float:
        """From 0 to 100; 0.0 where there is nothing to do.

        >>> ProgressUpdate(1, 4, None, ProcessingStage.PROCESSING).progress_percentage()
        25.0
        """
        return 100 * self.processed / self.total if self.total else 0.0

    def format(self) -> str:
        """One line.

        >>> ProgressUpdate(50, 100, "image.jpg", ProcessingStage.PROCESSING).format()
        '[Processing] 50/100 (50.0%) - image.jpg'
        """
        counts = f"{self.processed}/{self.total} ({self.progress_percentage():.1f}%)"
        file = f" - {self.current_file}" if self.current_file else ""
        return f"[{self.stage.value}] {counts}{file}"
