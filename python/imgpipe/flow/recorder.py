"""The end of the road: outputs get their names in groups, and the run log tells of each.

A group is one transaction that says which outputs of the group before are done and which are about
to appear, then their names, then one flush a folder. Killed in between, a run finds on the disk and
in the log which of those files are its own.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from imgpipe.errors import ImageError, ImgpipeError, SaveError
from imgpipe.flow.measure import PipelineMetrics
from imgpipe.flow.parcels import Item
from imgpipe.flow.storage import Storage
from imgpipe.naming import sidecar_name
from imgpipe.results import ProcessingResult
from imgpipe.runlog import Decision, Intent, Row, RunLog
from imgpipe.steps.encode import Encoded
from imgpipe.steps.save import Staged, publish, remove_own, set_aside, sync_folders


@dataclass(frozen=True, slots=True)
class Made:
    """One output of a picture: staged, or else the error that came in its way.

    Neither where its picture is too narrow to get it.
    """

    row: Row
    path: str = ""
    """Below the output folder."""
    staged: Staged | None = None
    encoded: Encoded | None = None
    error: ImageError | None = None
    sidecar: Staged | None = None
    """What goes beside it."""


Outcome = Item[tuple[Made, ...]]


class Recorder:
    """Publishes and records what comes to the end of the road, a group at a time."""

    def __init__(
        self,
        log: RunLog,
        output_dir: Path,
        flushes_folders: bool,
        *,
        storage: Storage,
        metrics: PipelineMetrics,
    ) -> None:
        self._log = log
        self._storage = storage
        self._output_dir = output_dir
        self._flushes_folders = flushes_folders
        self._metrics = metrics
        self._published: list[tuple[Row, float]] = []
        self._refused: list[tuple[Row, ImageError]] = []

    def record(self, group: Sequence[Outcome]) -> list[tuple[ProcessingResult, ...]]:
        """Publish all outputs of `group`, and tell what became of each picture's.

        Raises StorageFull.
        """
        claimed = [[self._claim(item, made) for made in _each(item)] for item in group]
        every = list(chain.from_iterable(claimed))
        self._commit(
            intents=[
                Intent(made.row, made.staged, made.encoded, made.sidecar)
                for made in every
                if made.staged and made.encoded
            ],
            unneeded=[made.row for made in every if not made.staged and not made.error],
            failed=[(made.row, made.error) for made in every if made.error],
        )
        placed = [
            [self._publish(item, made) for made in outputs]
            for item, outputs in zip(group, claimed, strict=True)
        ]
        if self._flushes_folders:
            sync_folders(self._folders(chain.from_iterable(placed)))
        return [_results(item, outputs) for item, outputs in zip(group, placed, strict=True)]

    def _folders(self, placed: Iterable[Made]) -> Iterator[Path]:
        """Those that have got a name, as a new folder is a name in the one above."""
        for folder in {made.staged.target.parent for made in placed if made.staged}:
            for above in (folder, *folder.parents):
                if above.is_relative_to(self._output_dir):
                    yield above

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
            return made if made.error else self._drop_sidecar(made)
        if made.path == made.row.target.path or self._log.land(made.row, made.path):
            return made
        for staged in _both(made):
            staged.temporary.unlink()
        error = SaveError(
            f"Expected an output of its own for {item.job.path.name}, but what is in it would "
            f"become {made.path}, which is another's; rename it, or put more into the name",
            item.job.path,
        )
        return Made(made.row, error=error)

    def _publish(self, item: Outcome, made: Made) -> Made:
        if made.staged is None:
            return made
        try:
            self._place(made, made.staged)
        except ImageError as error:
            self._refused.append((made.row, error))
            return Made(made.row, error=error)
        self._published.append((made.row, item.seconds))
        self._metrics.written_bytes.add(sum(staged.size for staged in _both(made)))
        return made

    def _place(self, made: Made, staged: Staged) -> None:
        """Give an output its name once its older sidecar has lost its own, then the newer one.

        So whenever a run is killed, what lies beside an output is of the same picture.
        """
        older = None
        try:
            _check_free(made)
            older = self._set_aside(made.row, staged) if _is_decided(made) else None
            replaces = _is_decided(made) and made.row.decision is Decision.REPLACE
            self._storage.conclude(lambda: publish(staged, replace=replaces))
        except ImgpipeError:
            for each in _both(made):
                each.temporary.unlink(missing_ok=True)
            if older:
                publish(older, replace=False)
            raise
        if older:
            older.temporary.unlink()
        if made.sidecar:
            self._publish_sidecar(made, made.sidecar, staged)

    def _publish_sidecar(self, made: Made, sidecar: Staged, output: Staged) -> None:
        replaces = _replaces_sidecar(made)
        try:
            self._storage.conclude(lambda: publish(sidecar, replace=replaces))
        except ImgpipeError:
            for file in (sidecar.temporary, output.target):
                file.unlink(missing_ok=True)
            raise

    def _set_aside(self, row: Row, staged: Staged) -> Staged | None:
        if row.sidecar is None:
            return None
        return set_aside(self._sidecar_of(row), row.sidecar, staged.temporary.parent)

    def _drop_sidecar(self, made: Made) -> Made:
        """Remove what is beside an output that is not due any more."""
        if made.row.sidecar is None:
            return made
        beside = self._sidecar_of(made.row)
        try:
            remove_own(beside, made.row.sidecar)
        except ImageError as error:
            return Made(made.row, error=error)
        if self._flushes_folders:
            sync_folders([beside.parent])
        return made

    def _sidecar_of(self, row: Row) -> Path:
        return self._output_dir / sidecar_name(row.existing)


def _is_decided(made: Made) -> bool:
    """Whether its name is the one decided about; else whatever is there is not ours to replace."""
    return made.path == made.row.existing


def _replaces_sidecar(made: Made) -> bool:
    return _is_decided(made) and made.row.replaces_sidecar


def _check_free(made: Made) -> None:
    """Before an older output is replaced. Raises SaveError."""
    if made.sidecar and not _replaces_sidecar(made) and os.path.lexists(made.sidecar.target):
        raise SaveError(
            f"Expected nothing of somebody else's at {made.sidecar.target}, where goes what the "
            "DICOM file says of itself; move it away and run again",
            made.sidecar.target,
        )


def _both(made: Made) -> list[Staged]:
    return [staged for staged in (made.staged, made.sidecar) if staged]


def _each(item: Outcome) -> Iterable[Made]:
    """What became of each output, all failed where the picture itself has."""
    if isinstance(item.result, ImageError):
        return [Made(row, error=item.result) for row in item.rows]
    return item.result


def _results(item: Outcome, outputs: Iterable[Made]) -> tuple[ProcessingResult, ...]:
    if isinstance(item.result, ImageError):  # before there were any outputs
        return (failure(item.result, item.job.path, item.seconds),)
    return tuple(_result(item, made) for made in outputs)


def failure(error: ImageError, path: Path, seconds: float = 0.0) -> ProcessingResult:
    """A picture's failure."""
    return ProcessingResult(path, False, None, str(error), seconds, step=error.step)


def _result(item: Outcome, made: Made) -> ProcessingResult:
    path, variant = item.job.path, made.row.target.output.variant
    if made.error:
        return replace(failure(made.error, path, item.seconds), variant=variant)
    if not made.staged or not made.encoded:
        reason = Decision.UNNEEDED.value
        return ProcessingResult(
            path, True, None, None, item.seconds, skipped=reason, variant=variant
        )
    lost = made.encoded.lost
    return ProcessingResult(
        path, True, made.staged.target, None, item.seconds, lost=lost, variant=variant
    )
