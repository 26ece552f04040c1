"""`Row` and `Intent`: what the log says of one output, to who makes it and to who asks for it."""

from dataclasses import dataclass

from imgpipe.runlog.decide import Decision
from imgpipe.steps.encode import Encoded
from imgpipe.steps.plan import Target
from imgpipe.steps.save import Staged


@dataclass(frozen=True, slots=True)
class Row:
    """A planned output's place in the log, and what is to become of it.

    `existing` is the file that it was decided about, below the output folder: the planned one, or
    where our last one went.
    """

    id: int
    target: Target
    decision: Decision
    existing: str
    failure: tuple[str, str] | None = None
    """The step and the reason, where an earlier run failed and it is left at that."""
    sidecar: bytes | None = None
    """The digest of what we left beside it, if that is still there."""
    replaces_sidecar: bool = False
    """Whether what is beside it may be replaced."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An output about to get its name."""

    row: Row
    staged: Staged
    encoded: Encoded
    sidecar: Staged | None = None

    @property
    def told(self) -> dict[str, int | bytes | str | None]:
        """What is written down of it, by the names that the statement of `RunLog.commit` has."""
        sidecar, encoded = self.sidecar, self.encoded
        width, height = encoded.size
        return {
            "id": self.row.id,
            "bytes": self.staged.size,
            "digest": self.staged.digest,
            "sidecar_bytes": sidecar.size if sidecar else None,
            "sidecar_digest": sidecar.digest if sidecar else None,
            "format": encoded.format.name,
            "width": width,
            "height": height,
            "lost": "; ".join(map(str, encoded.lost)) or None,
        }
