"""The end of the road: outputs get their names in groups, and the run log tells of each.

A group is one transaction that says which outputs of the group before are done and which are about
to appear, then their names, then one flush a folder. Killed in between, a run finds on the disk and
in the log which of those files are its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from imgpipe.errors import ImageError, SaveError
from imgpipe.flow.parcels import Item
from imgpipe.results import ProcessingResult
from imgpipe.runlog import Decision, Intent, Row, RunLog
from imgpipe.steps.encode import Encoded
from imgpipe.steps.save import Staged, publish, sync_folders


@dataclass(frozen=True, slots=True)
class Made:
    """One output of a picture: staged, or else the error that came in its way.

    Neither where its picture is too narrow to get it.
    """

    row: Row
    staged: Staged | None = None
    encoded: Encoded | None = None
    error: ImageError | None = None


Outcome = Item[tuple[Made, ...]]


class Recorder:
    """Publishes and records what comes to the end of the road, a group at a time."""

    def __init__(self, log: RunLog, output_dir: Path) -> None:
        self._log = log
        self._output_dir = output_dir
        self._published: list[tuple[Row, float]] = []
        self._refused: list[tuple[Row, ImageError]] = []

    def record(self, group: Iterable[Outcome]) -> list[ProcessingResult]:
        """Publish all outputs of `group`, and tell what became of each. Raises StorageFull."""
        claimed = [(item, self._claim(item, made)) for item in group for made in _each(item)]
        self._commit(
            intents=[
                Intent(made.row, made.staged, made.encoded)
                for _, made in claimed
                if made.staged and made.encoded
            ],
            unneeded=[made.row for _, made in claimed if not made.staged and not made.error],
            failed=[(made.row, made.error) for _, made in claimed if made.error],
        )
        placed = [(item, self._publish(item, made)) for item, made in claimed]
        sync_folders(
            folder
            for _, made in placed
            if made.staged
            for folder in made.staged.target.parents
            if folder.is_relative_to(self._output_dir)  # a new folder is a name in the one above
        )
        return [_result(item, made) for item, made in placed]

    def finish(self) -> None:
        """Record what became of the last group."""
        self._commit(intents=[], unneeded=[], failed=[])

    def _commit(
        self,
        intents: list[Intent],
        unneeded: list[Row],
        failed: list[tuple[Row, ImageError]],
    ) -> None:
        """Tell the log of this group, and what became of the one before."""
        self._log.commit(self._published, intents, unneeded, self._refused + failed)
        self._published, self._refused = [], []

    def _claim(self, item: Outcome, made: Made) -> Made:
        """Ask the log for another name where the content was not what the planned one says."""
        if made.staged is None:
            return made
        path = made.staged.target.relative_to(self._output_dir)
        if path == Path(made.row.output.path) or self._log.land(made.row, path):
            return made
        made.staged.temporary.unlink()
        error = SaveError(
            f"Expected an output of its own for {item.job.path.name}, but what is in it would "
            f"become {path}, which is another's; rename it, or put more into the name",
            item.job.path,
        )
        return Made(made.row, error=error)

    def _publish(self, item: Outcome, made: Made) -> Made:
        if made.staged is None:
            return made
        # Under another name than the one decided about, whatever is there is not ours to replace.
        decided = made.staged.target == self._output_dir / made.row.existing
        try:
            publish(made.staged, replace=decided and made.row.decision is Decision.REPLACE)
        except ImageError as error:
            self._refused.append((made.row, error))
            return Made(made.row, error=error)
        self._published.append((made.row, item.seconds))
        return made


def _each(item: Outcome) -> Iterable[Made]:
    """What became of each output, all failed where the picture itself has."""
    if isinstance(item.result, ImageError):
        return [Made(row, error=item.result) for row in item.rows]
    return item.result


def _result(item: Outcome, made: Made) -> ProcessingResult:
    if not made.staged and not made.error:
        reason = Decision.UNNEEDED.value
        return ProcessingResult(
            *(item.job.path, True, None, None, item.seconds),
            skipped=reason,
            variant=made.row.output.variant,
        )
    target = made.staged.target if made.staged else None
    message, step = (str(made.error), made.error.step) if made.error else (None, None)
    return ProcessingResult(
        item.job.path,
        target is not None,
        target,
        message,
        item.seconds,
        step=step,
        lost=made.encoded.lost if target and made.encoded else (),
        variant=made.row.output.variant,
    )
